// ChatConnection without a browser, a socket or time: what it says to chatd and when.
// SLUICE_PAGES names the folder with the pages' node_modules (build/pages).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const modules = process.env.SLUICE_PAGES;
const source = fileURLToPath(new URL("../../cmd/webd/pages/src/chat/connection.js", import.meta.url));
const bundle = mkdtempSync(join(tmpdir(), "chat-connection-"));
createRequire(join(modules, "package.json"))("esbuild").buildSync({
  entryPoints: [source], bundle: true, format: "esm", outfile: join(bundle, "connection.mjs"), nodePaths: [join(modules, "node_modules")],
});
const { ChatConnection, kept } = await import(pathToFileURL(join(bundle, "connection.mjs")));
rmSync(bundle, { recursive: true });

// A world in which sockets are lists and time moves when told to.
function world() {
  const sockets = [];
  const timers = new Map();
  let now = 0, next = 1, keys = 0;
  return {
    sockets,
    last: () => sockets[sockets.length - 1],
    env: {
      socket: () => {
        const socket = { sent: [], closed: false, send: (text) => socket.sent.push(JSON.parse(text)), close: () => (socket.closed = true) };
        socket.says = (frame) => socket.onmessage({ data: JSON.stringify(frame) });
        sockets.push(socket);
        return socket;
      },
      now: () => now,
      after: (ms, task) => (timers.set(next, { at: now + ms, task }), next++),
      cancel: (timer) => timers.delete(timer),
      random: () => 0.5,
      key: () => `key${++keys}`,
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].task();
      }
      now = end;
    },
  };
}

const user = { id: "7", login: "ada", name: "Ada" };
const settings = { emote_only: false, followers_only: -1, unique: false, slow: 0, subs_only: false };
const joined = (more) => ({ type: "joined", channel: "demo", channel_id: "1", origin: "a", seq: 0, viewers: 1, settings, you: null, gap: false, history: [], ...more });
const message = (seq, more) => ({ type: "message", channel: "demo", id: `m${seq}`, origin: "a", seq, at: 1, user, text: `text ${seq}`, ...more });
const settled = () => new Promise((done) => setImmediate(done));

async function joinedChat(you) {
  const at = world();
  const chat = new ChatConnection({ url: "ws://x/json", channel: "demo", ticket: you ? async () => "ticket" : null, env: at.env });
  chat.open();
  at.last().onopen();
  await settled();
  at.last().says(joined({ you }));
  return { at, chat };
}
const writer = { user, mod: false, badges: [] };

test("what a busy room leaves out is told while it does", async () => {
  const { at, chat } = await joinedChat(null);
  at.last().says({ type: "sampled", channel: "demo", told: 50, left_out: 120 });
  assert.deepEqual(chat.sampled.value, { told: 50, left_out: 120 });
  at.advance(1000);
  at.last().says({ type: "sampled", channel: "demo", told: 50, left_out: 3 });
  at.advance(2900);
  assert.deepEqual(chat.sampled.value, { told: 50, left_out: 3 });
  at.advance(200);
  assert.equal(chat.sampled.value, null);
  // What was not shown is asked for as usual: behind the last message that was.
  at.last().says(message(7));
  at.last().onclose();
  at.advance(1000);
  at.last().onopen();
  await settled();
  assert.deepEqual(at.last().sent, [{ type: "join", channel: "demo", cursor: { a: 7 } }]);
});

test("what was taken off while it was away goes when it is back, and what came after stays", async () => {
  const { at, chat } = await joinedChat(null);
  const bob = { id: "8", login: "bob", name: "Bob" };
  for (const each of [message(1), message(2), { ...message(3), user: bob, at: 30 }, { ...message(4), user: bob, at: 40 }]) at.last().says({ at: 35, ...each });
  at.last().onclose();
  at.advance(1000);
  at.last().onopen();
  await settled();
  const kinds = () => Object.fromEntries(chat.messages.value.map((each) => [each.id, each.kind]));
  at.last().says(joined({ seq: 4, removed: { ids: ["m1", "unknown"], users: [{ id: "8", at: 30 }] } }));
  assert.deepEqual(kinds(), { m1: "deleted", m2: "message", m3: "deleted", m4: "message" });
  at.last().says(joined({ seq: 5, removed: { all: 39 }, history: [{ ...message(5), at: 36 }] }));
  assert.deepEqual(kinds(), { m1: "deleted", m2: "deleted", m3: "deleted", m4: "message", m5: "message" });
});

test("subscriptions and raids that it missed stand where they belong, and none twice", async () => {
  const { at, chat } = await joinedChat(null);
  const sub = (id, time) => ({ type: "subscribed", channel: "demo", id, at: time, user, plan: "1000", tier: 1, months: 1, system: "Ada subscribes (tier 1)." });
  at.last().says({ ...message(1), at: 10 });
  at.last().says(sub("s1", 20));
  at.last().onclose();
  at.advance(1000);
  at.last().onopen();
  await settled();
  // The room's order is that of the history, whatever the clocks of its nodes say.
  const history = [{ ...message(2), at: 30 }, { ...message(3), at: 50 }, { ...message(4), at: 45 }];
  at.last().says(joined({ seq: 4, history, notices: [sub("s0", -70), sub("s1", 20), sub("s2", 40), sub("s3", 60)] }));
  assert.deepEqual(chat.messages.value.map((each) => each.id), ["m1", "s1", "m2", "s2", "m3", "m4", "s3"]);
});

test("a reader joins without a ticket, a writer shows one first", async () => {
  const reader = await joinedChat(null);
  assert.deepEqual(reader.at.last().sent, [{ type: "join", channel: "demo", history: 50 }]);
  assert.equal(reader.chat.state.value, "connected");
  const { at, chat } = await joinedChat(writer);
  assert.deepEqual(at.last().sent.map((frame) => frame.type), ["auth", "join"]);
  assert.equal(chat.you.value.user.name, "Ada");
});

test("reconnecting waits 1, 2, 4 … 30 s and starts over after a good join", async () => {
  const { at, chat } = await joinedChat(null);
  const waits = [];
  for (let i = 0; i < 7; ++i) {
    at.last().onclose();
    assert.equal(chat.state.value, "disconnected");
    waits.push(chat.retryAt.value - at.env.now());
    at.advance(waits[i]);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  at.last().onopen();
  await settled();
  at.last().says(joined());
  at.last().onclose();
  assert.equal(chat.retryAt.value - at.env.now(), 1000);
});

test("it resumes after the last message seen of each origin and shows none twice", async () => {
  const { at, chat } = await joinedChat(null);
  at.last().says(message(1));
  at.last().says(message(2));
  at.last().says(message(2));
  at.last().says({ ...message(9), origin: "b", id: "b9" });
  at.last().onclose();
  at.advance(1000);
  at.last().onopen();
  await settled();
  assert.deepEqual(at.last().sent[0].cursor, { a: 2, b: 9 });
  at.last().says(joined({ seq: 3, history: [message(2), message(3)] }));
  assert.deepEqual(chat.messages.value.map((each) => each.id), ["m1", "m2", "b9", "m3"]);
});

test("a pending message is sent again with its key, confirmed, and then only the line remains", async () => {
  const { at, chat } = await joinedChat(writer);
  assert.ok(chat.send("hello"));
  assert.deepEqual(at.last().sent[2], { type: "message", channel: "demo", text: "hello", key: "key1" });
  at.last().onclose();
  at.advance(1000);
  at.last().onopen();
  await settled();
  at.last().says(joined({ you: writer }));
  assert.deepEqual(at.last().sent[2], { type: "message", channel: "demo", text: "hello", key: "key1" });
  at.last().says({ type: "confirmed", channel: "demo", key: "key1", id: "m1", origin: "a", seq: 1, at: 1 });
  assert.equal(chat.pending.value.length, 1);
  at.last().says(message(1, { text: "hello" }));
  assert.equal(chat.pending.value.length, 0);
  assert.equal(chat.messages.value.length, 1);
});

test("what is not confirmed within 30 s is dropped and told", async () => {
  const { at, chat } = await joinedChat(writer);
  chat.send("one");
  at.advance(20_000);
  chat.send("two");
  at.advance(10_000);
  assert.deepEqual(chat.pending.value.map((each) => each.text), ["two"]);
  assert.match(chat.notice.value, /dropped/);
  at.advance(20_000);
  assert.deepEqual(chat.pending.value, []);
});

test("a refusal counts down and keeps the text in sight", async () => {
  const { at, chat } = await joinedChat(writer);
  chat.send("fast");
  at.last().says({ type: "error", code: "rate_limited", message: "slow", channel: "demo", key: "key1", retry_after: 7 });
  assert.equal(chat.cooldownUntil.value - at.env.now(), 7000);
  assert.match(chat.pending.value[0].refused, /too fast/);
});

test("a sign-in that is refused for the moment is tried again", async () => {
  const at = world();
  const chat = new ChatConnection({ url: "ws://x/json", channel: "demo", ticket: async () => "ticket", env: at.env });
  chat.open();
  at.last().onopen();
  await settled();
  at.last().says({ type: "error", code: "rate_limited", message: "Too many attempts.", retry_after: 7 });
  assert.equal(chat.state.value, "disconnected");
  assert.equal(chat.retryAt.value - at.env.now(), 7000);
  at.advance(7000);
  at.last().onopen();
  await settled();
  assert.deepEqual(at.last().sent.map((frame) => frame.type), ["auth", "join"]);
  at.last().says({ type: "error", code: "unavailable", message: "Logging in is not possible just now." });
  assert.equal(chat.state.value, "disconnected");
  assert.equal(chat.signInError.value, "");
});

test("whispers, subscriptions, gifts and raids are shown", async () => {
  const { at, chat } = await joinedChat(writer);
  const bob = { id: "8", login: "bob", name: "Bob" };
  at.last().says({ type: "whisper", id: "w1", at: 1, user: bob, text: "psst" });
  at.last().says({ type: "subscribed", channel: "demo", id: "s1", at: 2, user: bob, system: "Bob subscribed.", plan: "1000", tier: 1, months: 1, text: "hi" });
  at.last().says({ type: "gifts", channel: "demo", id: "g1", at: 3, user: null, system: "Two gifts.", plan: "1000", tier: 1, gift: "g", count: 2 });
  at.last().says({ type: "gifted", channel: "demo", id: "g2", at: 3, user: null, system: "One of them.", plan: "1000", tier: 1, gift: "g", to: bob, months: 1, community: true });
  at.last().says({ type: "raided", channel: "demo", id: "r1", at: 4, user: bob, system: "5 raiders.", viewers: 5 });
  assert.deepEqual(chat.messages.value.map((line) => line.text), ["Bob whispers to you: psst", "Bob subscribed. “hi”", "Two gifts.", "5 raiders."]);
});

test("what was just said is refused without holding back the next message", async () => {
  const { at, chat } = await joinedChat(writer);
  chat.send("again");
  at.last().says({ type: "error", code: "identical", message: "same", channel: "demo", key: "key1", retry_after: 27 });
  assert.ok(chat.cooldownUntil.value - at.env.now() <= 1000); // the pause after every message
  assert.equal(chat.pending.value[0].refused, "You said that just now.");
});

test("a held message is in sight until it is said, or a moderator has decided otherwise", async () => {
  const { at, chat } = await joinedChat(writer);
  for (const [text, id] of [["fine", "h1"], ["not fine", "h2"]]) {
    chat.send(text);
    at.last().says({ type: "error", code: "held", message: "Your message is being checked", channel: "demo", key: chat.pending.value.at(-1).key, id });
    at.advance(40_000);
  }
  assert.deepEqual(chat.pending.value.map((entry) => entry.refused), Array(2).fill("Moderators look at that message first."));
  at.last().says({ type: "decided", channel: "demo", id: "h1", user, status: "approved", at: 1 });
  at.last().says(message(1, { id: "h1", text: "fine" }));
  assert.deepEqual(chat.pending.value.map((entry) => entry.text), ["not fine"]);
  at.last().says({ type: "decided", channel: "demo", id: "h2", user, status: "denied", at: 1 });
  assert.equal(chat.pending.value[0].refused, "A moderator did not let that message through.");
});

test("a token that is refused leaves a reader, a network error tries again", async () => {
  const at = world();
  const refused = Object.assign(new Error("this token is unknown"), { status: 401 });
  const chat = new ChatConnection({ url: "ws://x/json", channel: "demo", ticket: async () => { throw refused; }, env: at.env });
  chat.open();
  at.last().onopen();
  await settled();
  assert.equal(chat.signInError.value, "this token is unknown");
  assert.deepEqual(at.last().sent.map((frame) => frame.type), ["join"]);
  const away = new ChatConnection({ url: "ws://x/json", channel: "demo", ticket: async () => { throw new TypeError("fetch failed"); }, env: at.env });
  away.open();
  at.last().onopen();
  await settled();
  assert.equal(away.state.value, "disconnected");
});

test("silence is noticed by a ping without pong", async () => {
  const { at, chat } = await joinedChat(null);
  at.advance(25_000);
  assert.equal(at.last().sent.pop().type, "ping");
  at.last().says({ type: "pong" });
  at.advance(25_000);
  assert.equal(chat.state.value, "connected");
  at.advance(10_000);
  assert.equal(chat.state.value, "disconnected");
});

test("the list holds the newest messages only", async () => {
  const { at, chat } = await joinedChat(null);
  for (let seq = 1; seq <= kept + 20; ++seq) at.last().says(message(seq));
  assert.equal(chat.messages.value.length, kept);
  assert.equal(chat.messages.value[0].id, "m21");
});
