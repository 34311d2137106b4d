// One line of chat. Text is only ever text: links and emotes are found in it and become elements, nothing becomes HTML.
import { useState } from "preact/hooks";

import { clock, nameColor } from "../lib/format.js";
import { badge } from "./badges.js";
import { pictures, pieces } from "./emotes.js";

const link = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}])/g;

const Text = ({ text }) =>
  text.split(link).map((part, i) =>
    i % 2 === 1 ? <a key={i} href={part} target="_blank" rel="noopener noreferrer nofollow ugc">{part}</a> : part);

const missed = new Map();     // id → ms: an emote's picture that is not there is asked for now and then, not for each line
const askAgain = 60_000;      // ms

function Emote({ id, code }) {
  const [gone, setGone] = useState(performance.now() - missed.get(id) < askAgain);
  const missing = () => {
    missed.set(id, performance.now());
    setGone(true);
  };
  return gone ? code : <img class="emote" {...pictures(id)} alt={code} title={code} loading="lazy" decoding="async" onError={missing} />;
}

const Said = ({ message }) =>
  pieces(message.text, message.emotes).map((piece, i) => (piece.id ? <Emote key={i} id={piece.id} code={piece.code} /> : <Text key={i} text={piece.text} />));

function Name({ message }) {
  return (
    <>
      {(message.badges ?? []).map(badge).filter(Boolean).map(({ title, sign, look }) => (
        <span key={look} class={`chat-badge ${look}`} role="img" aria-label={title} title={title}>{sign}</span>
      ))}
      <span class="chat-name" style={{ color: nameColor(message.color, message.user.id) }}>{message.user.name}</span>
    </>
  );
}

export function Message({ message, ownName }) {
  if (message.kind === "gap") return <p class="line-note">Some messages in between are missing.</p>;
  if (message.kind === "notice") return <p class="line-note">{message.text}</p>;
  if (message.kind === "deleted") return <p class="line deleted"><Name message={message} /> <em>message removed</em></p>;
  const mentioned = ownName && message.text.toLowerCase().includes(`@${ownName}`);
  return (
    <p class={`line${mentioned ? " mentioned" : ""}${message.announcement ? ` announcement ${message.announcement.toLowerCase()}` : ""}`}>
      {message.reply && <span class="reply">Replying to @{message.reply.user.name}: {message.reply.text}</span>}
      <time dateTime={new Date(message.at).toISOString()}>{clock(message.at)}</time>
      <Name message={message} />
      {message.action ? " " : <span class="colon">: </span>}
      <span class={message.action ? "said action" : "said"} style={message.action ? { color: nameColor(message.color, message.user.id) } : undefined}>
        <Said message={message} />
      </span>
    </p>
  );
}
