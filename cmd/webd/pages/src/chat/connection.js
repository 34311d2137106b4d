// ChatConnection: one room over the JSON protocol of sluice-chat(5). Reconnects (1, 2, 4 … 30 s), resumes where it was,
// sends what is pending again with the same key, and drops it after 30 s. Everything it knows is in signals; sockets,
// time and randomness are handed in, so that tests run without any.
import { batch, signal } from "@preact/signals";

import { Backoff } from "../lib/backoff.js";

export const kept = 500;             // messages in the list
const originsLimit = 200;            // in the cursor; chatd takes 256
const pendingLimit = 30_000;         // ms a message may wait for its confirmation
const pingEvery = 25_000;
const pongWithin = 10_000;
const joinWithin = 15_000;
const sampledFor = 3_000;            // it is told once a second

const refusals = {
  rate_limited: "You are sending too fast.",
  slow_mode: "The channel is in slow mode.",
  identical: "You said that just now.",
  subs_only: "Only subscribers may write here just now.",
  followers_only: "Only followers may write here just now.",
  emote_only: "Only emotes are allowed here just now.",
  unique: "That was said already; the channel wants only new messages.",
  banned: "You are banned from this channel.",
  timed_out: "You are timed out in this channel.",
  held: "Moderators look at that message first.",
  rejected: "That message goes against this channel's rules.",
  busy: "Too many messages are being checked. Try again in a moment.",
  too_long: "That message is too long.",
  empty: "Nothing was left of that message.",
  unavailable: "Chat cannot check messages just now. Try again in a moment.",
};

// What moderators made of a message that was held; one that is approved comes like any other.
const rulings = {
  denied: "A moderator did not let that message through.",
  expired: "No moderator looked at that message in time.",
};

const browser = {
  socket: (url) => new WebSocket(url),
  now: () => Date.now(),
  after: (ms, task) => setTimeout(task, ms),
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
  key: () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
};

export class ChatConnection {
  state = signal("connecting");   // connecting | connected | disconnected
  retryAt = signal(0);            // when disconnected: the time of the next try
  messages = signal([]);          // {kind:"message"|"gap"|"notice"|"deleted", id, …}, oldest first
  pending = signal([]);           // {key, text, at, refused?}
  viewers = signal(null);
  settings = signal(null);
  you = signal(null);             // who is signed in: {user, mod, badges}
  signInError = signal("");
  sampled = signal(null);         // {told, left_out} of the last second, while the room is too busy to show all
  notice = signal("");            // why the last message was refused
  cooldownUntil = signal(0);
  textLimit = 500;

  #env;
  #url;
  #channel;
  #ticket;                        // () => Promise<ticket string>, or null: read only
  #socket = null;
  #backoff = new Backoff();
  #cursor = {};                   // the greatest seq seen of each origin
  #from = null;                   // when it first joined, by chatd's clock: of before that it missed nothing
  #timers = {};
  #closed = false;
  #joined = false;

  constructor({ url, channel, ticket = null, env = {} }) {
    this.#env = { ...browser, ...env };
    this.#url = url;
    this.#channel = channel;
    this.#ticket = ticket;
  }

  open() {
    this.#closed = false;
    this.#connect();
  }

  close() {
    this.#closed = true;
    for (const name of Object.keys(this.#timers)) this.#cancel(name);
    this.#drop();
  }

  // Signing in or out: the connection is made anew.
  identify(ticket) {
    this.#ticket = ticket;
    batch(() => {
      this.you.value = null;
      this.signInError.value = "";
      if (!ticket) this.pending.value = [];
    });
    this.#backoff.reset();
    this.#connect();
  }

  retryNow() {
    if (this.state.value !== "disconnected" || this.#closed) return;
    this.#backoff.reset();
    this.#connect();
  }

  send(text) {
    text = text.trim();
    if (!text || !this.you.value) return false;
    const entry = { key: this.#env.key(), text, at: this.#env.now() };
    batch(() => {
      this.pending.value = [...this.pending.value, entry];
      this.notice.value = "";
      this.#cool(this.you.value.mod ? 0 : Math.max(1, this.settings.value?.slow ?? 0));
    });
    if (this.#joined) this.#transmit(entry);
    this.#expire();
    return true;
  }

  dismiss(key) {
    this.pending.value = this.pending.value.filter((entry) => entry.key !== key);
  }

  // ---- the socket's life

  #connect() {
    this.#cancel("retry");
    this.#drop();
    this.state.value = "connecting";
    let socket;
    try {
      socket = this.#env.socket(this.#url);
    } catch {
      return this.#lost();
    }
    this.#socket = socket;
    const ours = (act) => (event) => this.#socket === socket && act(event);
    this.#timer("join", joinWithin, () => this.#lost());
    socket.onopen = ours(() => this.#begin(socket));
    socket.onmessage = ours((event) => this.#hear(event.data));
    socket.onclose = ours(() => this.#lost());
    socket.onerror = ours(() => {});
  }

  async #begin(socket) {
    if (this.#ticket) {
      try {
        const ticket = await this.#ticket();
        if (this.#socket !== socket) return;
        this.#say({ type: "auth", ticket });
      } catch (error) {
        if (this.#socket !== socket) return;
        if (!(error.status >= 400 && error.status < 500)) return this.#lost();
        this.#ticket = null;
        this.signInError.value = error.message;
      }
    }
    const resume = Object.keys(this.#cursor).length > 0 ? { cursor: this.#cursor } : { history: 50 };
    this.#say({ type: "join", channel: this.#channel, ...resume });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#joined = false;
    this.#cancel("ping");
    this.#cancel("pong");
    this.#cancel("join");
    socket?.close();
  }

  #lost(wait = this.#backoff.next()) {
    this.#drop();
    if (this.#closed) return;
    batch(() => {
      this.state.value = "disconnected";
      this.retryAt.value = this.#env.now() + wait;
    });
    this.#timer("retry", wait, () => this.#connect());
  }

  #say(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  #transmit(entry) {
    this.#say({ type: "message", channel: this.#channel, text: entry.text, key: entry.key });
  }

  #keepAlive() {
    this.#timer("ping", pingEvery, () => {
      this.#say({ type: "ping" });
      this.#timer("pong", pongWithin, () => this.#lost());
      this.#keepAlive();
    });
  }

  // ---- what chatd says

  #hear(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.channel && frame.channel !== this.#channel) return;
    batch(() => this.#take(frame));
  }

  #take(frame) {
    switch (frame.type) {
      case "hello":
        this.textLimit = frame.limits?.text ?? this.textLimit;
        break;
      case "joined":
        this.#onJoined(frame);
        break;
      case "message":
        this.#onMessage(frame);
        break;
      case "confirmed":
        this.#onConfirmed(frame);
        break;
      case "gap":
        this.#advance({ [frame.origin]: frame.last });
        this.#add({ kind: "gap", id: `gap-${frame.origin}-${frame.first}` });
        break;
      case "sampled":
        this.sampled.value = { told: frame.told, left_out: frame.left_out };
        this.#timer("sampled", sampledFor, () => (this.sampled.value = null));
        break;
      case "presence":
        this.viewers.value = frame.viewers;
        break;
      case "settings":
        this.settings.value = frame.settings;
        break;
      case "deleted":
      case "cleared":
      case "banned":
        this.#onRemoved(frame);
        break;
      case "notice":
        this.#onNotice(frame);
        break;
      case "subscribed":
      case "gifts":
      case "gifted":
      case "raided":
        this.#onSupport(frame);
        break;
      case "whisper":
        this.#add({ kind: "notice", id: frame.id, text: `${frame.user.name} whispers to you: ${frame.text}` });
        break;
      case "decided":
        this.#onDecided(frame);
        break;
      case "error":
        this.#onError(frame);
        break;
      case "reconnect":
        this.#lost(this.#env.random() * 1000 * (frame.after ?? 1));
        break;
      case "pong":
        this.#cancel("pong");
        break;
    }
  }

  #onJoined(frame) {
    this.#cancel("join");
    this.#joined = true;
    this.#backoff.reset();
    this.state.value = "connected";
    this.viewers.value = frame.viewers;
    this.settings.value = frame.settings;
    this.you.value = frame.you ?? null;
    if (frame.removed) this.#takeOff(frame.removed);
    if (frame.gap) this.#add({ kind: "gap", id: `gap-${this.#env.now()}` });
    this.#from ??= frame.at ?? 0;
    const notices = (frame.notices ?? []).filter((notice) => notice.at >= this.#from);
    for (const message of frame.history ?? []) {
      while (notices[0]?.at < message.at) this.#take(notices.shift());
      this.#onMessage(message);
    }
    for (const notice of notices) this.#take(notice);
    this.#advance(frame.cursor ?? { [frame.origin]: frame.seq ?? 0 });
    this.#keepAlive();
    if (this.you.value) for (const entry of this.pending.value) if (!entry.refused) this.#transmit(entry);
  }

  // Origins that are heard no more make room for others.
  #advance(numbers) {
    for (const [origin, seq] of Object.entries(numbers)) {
      const seen = Math.max(this.#cursor[origin] ?? 0, seq);
      delete this.#cursor[origin];
      this.#cursor[origin] = seen;
    }
    for (const origin of Object.keys(this.#cursor).slice(0, -originsLimit)) delete this.#cursor[origin];
  }

  #onMessage(message) {
    if (message.seq <= (this.#cursor[message.origin] ?? 0)) return;
    this.#advance({ [message.origin]: message.seq });
    // The same key may have been taken by two nodes that did not hear each other.
    if (this.messages.value.some((known) => known.id === message.id)) return;
    this.#add({ ...message, kind: "message" });
    this.pending.value = this.pending.value.filter((entry) => entry.id !== message.id);
  }

  // The line itself follows, unless it came before: then there is nothing left to wait for.
  #onConfirmed(frame) {
    const shown = this.messages.value.some((message) => message.id === frame.id);
    this.pending.value = this.pending.value
      .filter((entry) => !(entry.key === frame.key && (shown || frame.duplicate)))
      .map((entry) => (entry.key === frame.key ? { ...entry, id: frame.id } : entry));
  }

  #onRemoved(frame) {
    this.#delete((message) =>
      frame.type === "deleted" ? message.id === frame.id : frame.type === "cleared" ? !(message.at > frame.at) : message.user?.id === (frame.user?.id ?? frame.user));
  }

  // What moderators took off while this page was away.
  #takeOff({ ids = [], users = [], all = -1 }) {
    const until = new Map(users.map((user) => [user.id, user.at]));
    this.#delete((message) => ids.includes(message.id) || message.at <= all || message.at <= (until.get(message.user?.id) ?? -1));
  }

  #delete(hit) {
    this.messages.value = this.messages.value.map((message) => (message.kind === "message" && hit(message) ? { ...message, kind: "deleted" } : message));
  }

  // What a slash command came to.
  #onNotice(frame) {
    this.pending.value = this.pending.value.filter((entry) => entry.key !== frame.key);
    this.#add({ kind: "notice", id: `notice-${frame.key}`, text: frame.message });
  }

  // Of gifts to several each is told, too, behind their number.
  #onSupport(frame) {
    if (frame.community || this.messages.value.some((known) => known.id === frame.id)) return;
    this.#add({ kind: "notice", id: frame.id, text: frame.text ? `${frame.system} “${frame.text}”` : frame.system });
  }

  #onError(frame) {
    // The sign-in was refused for the moment; the page goes on as a reader only when it is for good.
    const passes = frame.code === "rate_limited" || frame.code === "unavailable";
    if (passes && !frame.key && !frame.channel && this.#ticket && !this.you.value)
      return this.#lost(frame.retry_after > 0 ? frame.retry_after * 1000 : undefined);
    if (frame.code === "auth_failed" || frame.code === "token_revoked") {
      this.#ticket = null;
      this.signInError.value = "Chat did not accept the sign-in. Paste the token again.";
      return;
    }
    if (frame.code === "not_authenticated") this.you.value = null;
    if (frame.code === "no_such_channel") {
      this.#cancel("join");
      this.notice.value = "This channel has no chat.";
      return;
    }
    if (frame.retry_after > 0 && frame.code !== "identical") this.#cool(frame.retry_after); // another text may go at once
    if (!frame.key) return;
    const why = refusals[frame.code] ?? frame.message;
    this.notice.value = why;
    this.pending.value = this.pending.value.map((entry) => (entry.key === frame.key ? { ...entry, refused: why, id: frame.id ?? entry.id } : entry));
  }

  // Moderators' pages hear of everybody's messages, an author of its own.
  #onDecided(frame) {
    const why = rulings[frame.status];
    if (why) this.pending.value = this.pending.value.map((entry) => (entry.id === frame.id ? { ...entry, refused: why } : entry));
  }

  #add(entry) {
    const list = [...this.messages.value, entry];
    this.messages.value = list.length > kept ? list.slice(list.length - kept) : list;
  }

  #cool(seconds) {
    this.cooldownUntil.value = Math.max(this.cooldownUntil.value, this.#env.now() + seconds * 1000);
  }

  // Pending messages that were never confirmed go, each at its time.
  #expire() {
    const waiting = this.pending.value.filter((entry) => !entry.refused);
    if (waiting.length === 0) return;
    this.#timer("expire", Math.max(0, waiting[0].at + pendingLimit - this.#env.now()), () => {
      const limit = this.#env.now() - pendingLimit;
      const dropped = this.pending.value.some((entry) => !entry.refused && entry.at <= limit);
      batch(() => {
        this.pending.value = this.pending.value.filter((entry) => entry.refused || entry.at > limit);
        if (dropped) this.notice.value = "A message could not be sent within 30 seconds and was dropped.";
      });
      this.#expire();
    });
  }

  #timer(name, ms, task) {
    this.#cancel(name);
    this.#timers[name] = this.#env.after(ms, () => {
      delete this.#timers[name];
      task();
    });
  }
  #cancel(name) {
    if (name in this.#timers) this.#env.cancel(this.#timers[name]);
    delete this.#timers[name];
  }
}
