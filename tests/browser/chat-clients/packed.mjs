// ws for Node.js with permessage-deflate, as its users have it: what it agrees on, and what it hears, a JSON line each.
// usage: packed.mjs HOST PORT CHANNEL
import WebSocket from "ws";

const [host, port, channel] = process.argv.slice(2);
const tell = (event, more) => console.log(JSON.stringify({ event, ...more }));

// Without a threshold it would send what is short as it is.
const socket = new WebSocket(`ws://${host}:${port}/json`, { perMessageDeflate: { threshold: 0 } });
socket.on("open", () => {
  tell("open", { extensions: socket.extensions });
  socket.send(JSON.stringify({ type: "join", channel }));
  socket.send(JSON.stringify({ type: "ping", id: "packed ".repeat(8) }));
});
socket.on("message", (text) => {
  const said = JSON.parse(text);
  tell(said.type, { said });
  if (said.type === "message") socket.close(1000);
});
socket.on("close", (code) => tell("close", { code }));
socket.on("error", (error) => {
  tell("error", { text: String(error) });
  process.exit(1);
});
