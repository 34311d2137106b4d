// One line of chat. Text is only ever text: links are found in it and become elements, nothing becomes HTML.
import { clock, nameColor } from "../lib/format.js";

const badges = {
  broadcaster: ["Broadcaster", "★"], moderator: ["Moderator", "⛨"], vip: ["VIP", "◆"], subscriber: ["Subscriber", "♥"], staff: ["Staff", "⚙"], bot: ["Bot", "⌁"],
};
const link = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}])/g;

const Text = ({ text }) =>
  text.split(link).map((part, i) =>
    i % 2 === 1 ? <a key={i} href={part} target="_blank" rel="noopener noreferrer nofollow ugc">{part}</a> : part);

function Name({ message }) {
  return (
    <>
      {(message.badges ?? []).map(([set]) => badges[set] && (
        <span key={set} class={`chat-badge ${set}`} role="img" aria-label={badges[set][0]} title={badges[set][0]}>{badges[set][1]}</span>
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
        <Text text={message.text} />
      </span>
    </p>
  );
}
