// The chat panel: messages, what is still on its way, the state of the connection, the field to write in.
import { useEffect, useRef, useState } from "preact/hooks";

import { count } from "../lib/format.js";
import { Icon } from "../lib/ui.jsx";
import { Message } from "./Message.jsx";
import { SignIn } from "./SignIn.jsx";
import { VirtualList } from "./VirtualList.jsx";

// The time, once a second, while something counts down.
function useNow(active) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => tick((ticks) => ticks + 1), 250);
    return () => clearInterval(timer);
  }, [active]);
  return Date.now();  // of this drawing, not of the last tick: who is drawn anew in between must not see the past
}

function State({ chat }) {
  const away = chat.state.value === "disconnected";
  const now = useNow(away);
  if (chat.state.value === "connected") return null;
  const seconds = Math.max(0, Math.ceil((chat.retryAt.value - now) / 1000));
  return (
    <div class="chat-state" role="status">
      {away ? <>Disconnected. Trying again in {seconds} s. <button class="link" onClick={() => chat.retryNow()}>Try now</button></> : "Connecting to chat…"}
    </div>
  );
}

function modes(settings) {
  if (!settings) return [];
  const list = [];
  if (settings.slow > 0) list.push(`Slow mode: ${settings.slow} s`);
  if (settings.subs_only) list.push("Subscribers only");
  if (settings.followers_only >= 0) list.push(settings.followers_only > 0 ? `Followers of ${settings.followers_only} min` : "Followers only");
  if (settings.emote_only) list.push("Emotes only");
  if (settings.unique) list.push("Unique messages only");
  return list;
}

function Sampled({ told, left_out }) {
  return <p class="modes">This chat is busy: {count(told)} of the last {count(told + left_out)} messages are shown.</p>;
}

function Pending({ chat }) {
  const list = chat.pending.value;
  if (list.length === 0) return null;
  return (
    <ul class="pending" aria-label="Messages on their way">
      {list.map((entry) => (
        <li key={entry.key} class={entry.refused ? "refused" : ""}>
          <span class="said">{entry.text}</span>
          {entry.refused ? (
            <span class="why">{entry.refused} <button class="link" onClick={() => chat.dismiss(entry.key)}>Dismiss</button></span>
          ) : (
            <span class="why">{chat.state.value === "connected" ? "Sending…" : "Will be sent on reconnecting"}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Composer({ chat, onSignOut }) {
  const [text, setText] = useState("");
  const field = useRef(null);
  const now = useNow(chat.cooldownUntil.value > Date.now());
  const wait = Math.max(0, Math.ceil((chat.cooldownUntil.value - now) / 1000));
  const length = [...text].length;
  const ready = text.trim() !== "" && wait === 0 && length <= chat.textLimit;
  const submit = (event) => {
    event.preventDefault();
    if (!ready || !chat.send(text)) return;
    setText("");
    field.current.focus();
  };
  const you = chat.you.value.user;
  return (
    <form class="composer" onSubmit={submit}>
      <label class="hidden" for="chat-text">Message as {you.name}</label>
      <div class="composer-row">
        <textarea id="chat-text" ref={field} rows={1} placeholder={`Message as ${you.name}`} value={text} autocomplete="off" enterkeyhint="send"
          onInput={(event) => setText(event.target.value.replace(/\n/g, " "))}
          onKeyDown={(event) => event.key === "Enter" && !event.isComposing && submit(event)} />
        <button class="button send" type="submit" disabled={!ready} aria-label={wait > 0 ? `Send in ${wait} seconds` : "Send"}>
          {wait > 0 ? <span class="cooldown">{wait}</span> : <Icon name="send" />}
        </button>
      </div>
      <div class="composer-foot">
        <span class={length > chat.textLimit ? "over" : ""}>{length > chat.textLimit - 100 ? `${length} / ${chat.textLimit}` : ""}</span>
        <button class="link" type="button" onClick={onSignOut}>Sign out</button>
      </div>
    </form>
  );
}

export function ChatPanel({ chat, session }) {
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    const online = () => chat.retryNow();
    const shown = () => document.hidden || chat.retryNow();
    addEventListener("online", online);
    document.addEventListener("visibilitychange", shown);
    return () => {
      removeEventListener("online", online);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [chat]);
  const you = chat.you.value;
  const active = modes(chat.settings.value);
  return (
    <aside class="chat" aria-label="Chat">
      <div class="chat-head">
        <h2>Chat</h2>
        <span class={`chat-dot ${chat.state.value}`} title={chat.state.value} />
        {chat.viewers.value != null && <span class="chat-count"><Icon name="eye" /> {count(chat.viewers.value)}<span class="hidden"> in chat</span></span>}
      </div>
      <State chat={chat} />
      {active.length > 0 && <p class="modes">{active.join(" · ")}</p>}
      <VirtualList items={chat.messages.value} label="Chat messages" row={(message) => <Message message={message} ownName={you?.user.login} />}
        empty={chat.state.value === "connected" && <p class="line-note">No messages yet. Say hello!</p>} />
      {chat.sampled.value && <Sampled {...chat.sampled.value} />}
      <Pending chat={chat} />
      {chat.notice.value && <p class="chat-notice" role="alert">{chat.notice.value}</p>}
      {you ? (
        <Composer chat={chat} onSignOut={() => session.signOut()} />
      ) : (
        <div class="composer">
          {chat.signInError.value && <p class="chat-notice" role="alert">{chat.signInError.value}</p>}
          <button class="button primary whole" onClick={() => setAsking(true)} disabled={session.signingIn.value}>{session.signingIn.value ? "Signing in…" : "Sign in to chat"}</button>
        </div>
      )}
      {asking && <SignIn onClose={() => setAsking(false)} onToken={(token, remember) => { setAsking(false); session.signIn(token, remember); }} />}
    </aside>
  );
}
