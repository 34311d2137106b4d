// talk.mjs CLIENT HOST PORT CHANNEL [NICK]: logs in with an unmodified chat client, joins, says a line, and prints what happens as JSON lines.
// The token comes in SLUICE_TOKEN; without NICK the client reads anonymously. Told "please answer" it replies "answered"; told "please leave"
// it leaves the channel and joins it again. It ends when it hears "goodbye".
import { createServer } from "node:http";
import { once } from "node:events";

const [, , client, host, port, channel, nick] = process.argv;
const token = process.env.SLUICE_TOKEN;
const secure = process.env.SLUICE_SECURE === "1"; // over TLS

function tell(event, more = {}) {
  process.stdout.write(JSON.stringify({ event, ...more }) + "\n");
}

// `can` is what its client can do: reply(text), part(), join().
async function heard(from, text, more = {}, can = {}) {
  tell("message", { from, text, ...more });
  if (text === "goodbye") process.exit(0);
  if (text === "please answer") await can.reply("answered");
  if (text === "please leave") {
    await can.part();
    tell("own-part");
    await can.join();
    tell("own-join");
  }
}

async function tmi() {
  const { default: library } = await import("tmi.js");
  const connection = new library.Client({
    connection: { server: host, port: Number(port), secure, reconnect: true, reconnectInterval: 100 },
    identity: nick ? { username: nick, password: token } : undefined,
    channels: [channel],
    options: { skipUpdatingEmotesets: true, skipMembership: false },
    logger: { info() {}, warn: (text) => tell("warning", { text }), error: (text) => tell(/reconnecting|unable to connect/i.test(text) ? "trouble" : "error", { text }), setLevel() {} },
  });
  connection.on("message", (where, tags, text, self) => {
    const can = {
      reply: (answer) => connection.raw(`@reply-parent-msg-id=${tags.id} PRIVMSG #${channel} :${answer}`),
      part: () => connection.part(channel),
      join: () => connection.join(channel),
    };
    if (!self) heard(tags.username, text, { action: tags["message-type"] === "action", badges: tags.badges, id: tags.id }, can);
  });
  connection.on("join", (where, who, self) => self && tell("joined"));
  connection.on("roomstate", (where, state) => tell("roomstate", { slow: state.slow }));
  connection.on("pong", (latency) => tell("pong", { latency }));
  connection.on("reconnect", () => tell("reconnect"));
  connection.on("disconnected", (reason) => tell("disconnected", { reason }));
  const connected = new Promise((resolve) => connection.on("connected", resolve));
  connection.connect().catch((reason) => tell("trouble", { text: String(reason) })); // it tries again by itself, unless told that it need not
  await connected;
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
    connection: { type: "tcp", host, port: Number(port), secure },
    rateLimits: "default",
  });
  connection.on("error", (error) => tell("trouble", { text: String(error) })); // it reconnects after one
  connection.on("PRIVMSG", (message) =>
    heard(message.senderUsername, message.messageText, { id: message.messageID }, {
      reply: (answer) => connection.reply(channel, message.messageID, answer),
      part: () => connection.part(channel),
      join: () => connection.join(channel),
    }),
  );
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
    ssl: secure,
    webSocket: false, // TCP at port 6667, or 6697
    channels: [channel],
    logger: { minLevel: "error" },
  });
  connection.onMessage((where, from, text, message) =>
    heard(from, text, { id: message.id }, {
      reply: (answer) => connection.say(channel, answer, { replyTo: message.id }),
      part: async () => {
        connection.part(channel);
        await new Promise((resolve) => connection.onPart(resolve));
      },
      join: () => connection.join(channel),
    }),
  );
  connection.onAuthenticationSuccess(() => tell("connected"));
  connection.onAuthenticationFailure((text) => tell("error", { text }));
  connection.onJoin(() => tell("joined"));
  connection.onJoinFailure((where, reason) => tell("error", { text: reason }));
  connection.connect();
  await new Promise((resolve) => connection.onJoin(resolve));
  await connection.say(channel, "hello from twurple");
  tell("said");
}

async function framework() {
  const { default: irc } = await import("irc-framework");
  const connection = new irc.Client();
  const named = `#${channel}`;
  const own = (name) => new Promise((resolve) => {
    const listen = (event) => {
      if (event.nick !== nick || event.channel !== named) return;
      connection.off(name, listen);
      resolve();
    };
    connection.on(name, listen);
  });
  const can = (id) => ({
    reply: (answer) => connection.raw(`@reply-parent-msg-id=${id} PRIVMSG ${named} :${answer}`),
    part: () => [own("part"), connection.part(named)][0],
    join: () => [own("join"), connection.join(named)][0],
  });
  connection.requestCap(["twitch.tv/tags", "twitch.tv/commands", "twitch.tv/membership"]);
  connection.on("registered", () => {
    tell("connected");
    connection.join(named);
  });
  connection.on("join", (event) => event.nick === nick && tell("joined"));
  // By itself it comes back only where it has been for five seconds.
  connection.on("close", () => setTimeout(() => connection.connect(), 100));
  connection.on("message", (event) =>
    heard(event.nick, event.message, { action: event.type === "action", id: event.tags.id }, can(event.tags.id)));
  connection.connect({
    host, port: Number(port), nick, username: nick, gecos: nick, password: `oauth:${token}`, tls: secure,
    auto_reconnect: false,
  });
  await own("join");
  connection.say(named, "hello from irc-framework");
  tell("said");
}

process.on("unhandledRejection", (error) => {
  tell("error", { text: String(error && error.stack ? error.stack : error) });
  process.exit(1);
});
await { tmi, dank, twurple, framework }[client]();
