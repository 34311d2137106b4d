// refused.mjs CLIENT HOST PORT CHANNEL NICK: an unmodified chat client asks for what is refused, and prints as JSON lines what its author's
// program is told of each. The token comes in SLUICE_TOKEN. With the client "late" it does not come in at all.
const [, , client, host, port, channel, nick] = process.argv;
const token = process.env.SLUICE_TOKEN;
const long = "x".repeat(501);

function tell(of, told) {
  process.stdout.write(JSON.stringify({ of, told }) + "\n");
}

// What the call fails with: an answer, or that the client's patience is over.
async function fails(of, call) {
  tell(of, await call().then(() => "nothing", (error) => String(error.cause ?? error)));
}

async function tmi() {
  const { default: library } = await import("tmi.js");
  const connection = new library.Client({
    connection: { server: host, port: Number(port), secure: false },
    identity: { username: nick, password: token },
    channels: [channel],
    options: { skipUpdatingEmotesets: true },
    logger: { info() {}, warn: (text) => tell("warning", text), error: (text) => tell("error", text), setLevel() {} },
  });
  const joined = new Promise((resolve) => connection.on("roomstate", resolve));
  await connection.connect();
  await joined;
  await fails("commercial", () => connection.commercial(channel, 30));
  await fails("host", () => connection.host(channel, "bob"));
  await fails("unhost", () => connection.unhost(channel));
}

async function dank() {
  const { ChatClient } = await import("@mastondzn/dank-twitch-irc");
  const connection = new ChatClient({ username: nick, password: token, connection: { type: "tcp", host, port: Number(port), secure: false } });
  connection.on("error", () => {}); // told by the calls
  connection.connect();
  await connection.join(channel);
  await fails("long", () => connection.say(channel, long));
  await fails("empty", () => connection.say(channel, "\u202e"));
}

async function framework(comes = true) {
  const { default: irc } = await import("irc-framework");
  const connection = new irc.Client();
  const error = () => new Promise((resolve) => connection.once("irc error", ({ error, nick, reason }) => resolve({ error, nick, reason })));
  const first = error();
  connection.on("notice", ({ message }) => comes || tell("notice", message));
  connection.connect({ host, port: Number(port), nick, password: `oauth:${token}`, auto_reconnect: false });
  if (!comes) return tell("error", await first);
  await new Promise((resolve) => connection.on("registered", resolve));
  connection.say("nobody", "hello");
  tell("message", await first);
  const second = error();
  connection.raw(`JOIN #${channel}, #other`);
  const names = [];
  await new Promise((resolve) => connection.on("join", ({ channel }) => names.push(channel) === 2 && resolve()));
  tell("joined", names);
  connection.say("alice", "once more"); // nothing came for the JOIN
  tell("next", await second);
}

await { tmi, dank, framework, late: () => framework(false) }[client]();
process.exit(0);
