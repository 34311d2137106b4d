// moderates.mjs HOST PORT CHANNEL NICK: an unmodified tmi.js moderates: each command must come to what the library waits for, within its 600 ms.
// Prints a JSON line for each: {"does": …, "answer": …} or {"does": …, "failed": …}. The token comes in SLUICE_TOKEN.
import library from "tmi.js";

const [, , host, port, channel, nick] = process.argv;
const connection = new library.Client({
  connection: { server: host, port: Number(port), secure: false, reconnect: false },
  identity: { username: nick, password: process.env.SLUICE_TOKEN },
  channels: [channel],
  options: { skipUpdatingEmotesets: true },
  logger: { info() {}, warn: (words) => tell({ does: "warns", failed: words }), error() {}, setLevel() {} },
});

function tell(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

const in_room = new Promise((done) => connection.once("roomstate", done));
await connection.connect();
await in_room;
// As bots do it: also what is so already, or has just been asked for, and lists.
const acts = [
  ["timeout", "cyd", 30, "calm down"], ["unban", "cyd"], ["ban", "cyd", "enough"], ["unban", "cyd"],
  ["mod", "bob"], ["mods"], ["unmod", "bob"], ["vip", "bob"], ["vips"], ["unvip", "bob"],
  ["slow", 30], ["slow", 30], ["slowoff"], ["slowoff"],
  ["followersonly", 10], ["followersonly", 10], ["followersonlyoff"], ["followersonlyoff"],
  ["subscribers"], ["subscribers"], ["subscribersoff"], ["emoteonly"], ["emoteonlyoff"], ["r9kbeta"], ["r9kbetaoff"],
  ["clear"], ["part"], ["join"], ["join"], ["say", "here again"],
];
for (const [does, ...words] of acts) {
  await connection[does](channel, ...words).then(
    (answer) => tell({ does: [does, ...words].join(" "), answer }),
    (reason) => tell({ does: [does, ...words].join(" "), failed: String(reason) }),
  );
}
await new Promise((done) => setTimeout(done, 1500)); // a room's second: what it tells of who came and went
tell({ does: "channels", answer: connection.getChannels() });
process.exit(0);
