// people.mjs CLIENT HOST PORT CHANNEL NICK: logs in with an unmodified chat client, joins, and prints as JSON lines what it makes of subscriptions,
// gifts, raids, cheers, whispers and emotes. The token comes in SLUICE_TOKEN. Told "whisper NAME" in the channel it whispers "psst" to NAME, told
// "color NAME" it asks for that color; it ends when it hears "goodbye".
import { createServer } from "node:http";
import { once } from "node:events";

const [, , client, host, port, channel, nick] = process.argv;
const token = process.env.SLUICE_TOKEN;

function tell(event, more = {}) {
  process.stdout.write(JSON.stringify({ event, ...more }) + "\n");
}

async function heard(text, more, can = {}) {
  tell("message", { text, ...more });
  if (text === "goodbye") process.exit(0);
  const [what, about] = text.split(" ");
  if (can[what]) {
    await can[what](about).then(
      (answer) => tell(`${what}-done`, { answer: String(answer) }),
      (reason) => tell(`${what}-failed`, { reason: String(reason) }),
    );
  }
}

async function tmi() {
  const { default: library } = await import("tmi.js");
  const connection = new library.Client({
    connection: { server: host, port: Number(port), secure: false, reconnect: false },
    identity: { username: nick, password: token },
    channels: [channel],
    options: { skipUpdatingEmotesets: true },
    logger: { info() {}, warn() {}, error() {}, setLevel() {} },
  });
  const can = { whisper: (name) => connection.whisper(name, "psst"), color: (name) => connection.color(name) };
  connection.on("chat", (where, tags, text, self) => self || heard(text, { emotes: tags.emotes, badges: tags.badges, info: tags["badge-info"], color: tags.color }, can));
  connection.on("cheer", (where, tags, text) => tell("cheer", { name: tags["display-name"], bits: tags.bits, text, badges: tags.badges }));
  connection.on("subscription", (where, name, method) => tell("sub", { name, method }));
  connection.on("resub", (where, name, streak, text, tags, method) =>
    tell("resub", { name, streak, text, months: tags["msg-param-cumulative-months"], method }));
  connection.on("subgift", (where, name, streak, recipient, method) => tell("subgift", { name, recipient, method }));
  connection.on("submysterygift", (where, name, count, method) => tell("submysterygift", { name, count, method }));
  connection.on("raided", (where, name, viewers) => tell("raided", { name, viewers }));
  connection.on("whisper", (from, tags, text, self) => self || tell("whisper", { from, text }));
  connection.on("roomstate", () => tell("joined"));
  await connection.connect();
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
  connection.onMessage((where, from, text, message) =>
    heard(text, { emotes: Object.fromEntries(message.emoteOffsets), badges: Object.fromEntries(message.userInfo.badges), color: message.userInfo.color, bits: message.bits, cheer: message.isCheer }));
  connection.onSub((where, name, info) => tell("sub", { name, info }));
  connection.onResub((where, name, info) => tell("resub", { name, info }));
  connection.onSubGift((where, recipient, info) => tell("subgift", { recipient, info }));
  connection.onCommunitySub((where, name, info) => tell("submysterygift", { name, info }));
  connection.onRaid((where, name, info) => tell("raided", { name, info }));
  connection.onWhisper((from, text) => tell("whisper", { from, text }));
  connection.onJoin(() => tell("joined"));
  connection.connect();
}

process.on("unhandledRejection", (error) => {
  tell("error", { text: String(error && error.stack ? error.stack : error) });
  process.exit(1);
});
await { tmi, twurple }[client]();
