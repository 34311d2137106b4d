// A room server on ws (npm), as its users write one: a text goes to every other client of the room.
// node ws_server.mjs PORT     ws://127.0.0.1:PORT/ROOM hears, /ROOM?say speaks
import { WebSocketServer } from "ws";

const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false, backlog: 4096 });
server.on("connection", (client, request) => {
  const [path, query] = request.url.split("?");
  if (!rooms.has(path)) rooms.set(path, new Set());
  const room = rooms.get(path);
  if (query !== "say") room.add(client);
  client.on("message", (text) => {
    for (const other of room) other.send(text, { binary: false });
  });
  client.on("close", () => room.delete(client));
  client.send("joined");
});
