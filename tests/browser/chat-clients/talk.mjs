// talk.mjs CLIENT HOST PORT CHANNEL [NICK]: logs in with an unmodified chat client, joins, says a line, and prints what happens as JSON lines.
// The token comes in SLUICE_TOKEN; without NICK the client reads anonymously. It ends when it hears "goodbye".
import { createServer } from "node:http";
import { once } from "node:events";

const [, , client, host, port, channel, nick] = process.argv;
const token = process.env.SLUICE_TOKEN;

function tell(event, more = {}) {
  process.stdout.write(JSON.stringify({ event, ...more }) + "\n");
}

function heard(from, text, more = {}) {
  tell("message", { from, text, ...more });
  if (text === "goodbye") process.exit(0);
}

async function tmi() {
  const { default: library } = await import("tmi.js");
  const connection = new library.Client({
    connection: { server: host, port: Number(port), secure: false, reconnect: true, reconnectInterval: 100 },
    identity: nick ? { username: nick, password: token } : undefined,
    channels: [channel],
    options: { skipUpdatingEmotesets: true, skipMembership: false },
    logger: { info() {}, warn: (text) => tell("warning", { text }), error: (text) => tell("error", { text }), setLevel() {} },
  });
  connection.on("message", (where, tags, text, self) => {
    if (!self) heard(tags.username, text, { action: tags["message-type"] === "action", badges: tags.badges, id: tags.id });
  });
  connection.on("join", (where, who, self) => self && tell("own-join"));
  connection.on("roomstate", (where, state) => tell("roomstate", { slow: state.slow }));
  connection.on("pong", (latency) => tell("pong", { latency }));
  connection.on("reconnect", () => tell("reconnect"));
  connection.on("disconnected", (reason) => tell("disconnected", { reason }));
  await connection.connect();
  tell("connected");
  await connection.ping();
  if (nick) await connection.say(channel, "hello from tmi.js");
  tell("said");
}

async function dank() {
  const { ChatClient } = await import("@mastondzn/dank-twitch-irc");
  const connection = new ChatClient({
    username: nick,
    password: token,
    connection: { type: "tcp", host, port: Number(port), secure: false },
    rateLimits: "default",
  });
  connection.on("error", (error) => tell("error", { text: String(error) }));
  connection.on("PRIVMSG", (message) => heard(message.senderUsername, message.messageText, { id: message.messageID }));
  connection.connect();
  await once(connection, "ready");
  tell("connected");
  await connection.join(channel);
  tell("own-join");
  await connection.say(channel, "hello from dank-twitch-irc");
  tell("said");
}

// twurple validates its token first: this is the answer that it wants.
async function serveValidation() {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ client_id: "c", login: nick, user_id: "1", scopes: ["chat:read", "chat:edit"], expires_in: 5000 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

async function twurple() {
  process.env.TWURPLE_MOCK_API_PORT = String(await serveValidation());
  const { StaticAuthProvider } = await import("@twurple/auth");
  const { ChatClient } = await import("@twurple/chat");
  const connection = new ChatClient({
    authProvider: new StaticAuthProvider("c", token, ["chat:read", "chat:edit"]),
    hostName: host,
    ssl: false,
    webSocket: false, // TCP at port 6667
    channels: [channel],
    logger: { minLevel: "error" },
  });
  connection.onMessage((where, from, text, message) => heard(from, text, { id: message.id }));
  connection.onAuthenticationSuccess(() => tell("connected"));
  connection.onAuthenticationFailure((text) => tell("error", { text }));
  connection.onJoin(() => tell("own-join"));
  connection.onJoinFailure((where, reason) => tell("error", { text: reason }));
  connection.connect();
  await new Promise((resolve) => connection.onJoin(resolve));
  await connection.say(channel, "hello from twurple");
  tell("said");
}

process.on("unhandledRejection", (error) => {
  tell("error", { text: String(error && error.stack ? error.stack : error) });
  process.exit(1);
});
await { tmi, dank, twurple }[client]();
