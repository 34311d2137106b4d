// Numbers, times and colours as people read them.
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (n) => (n < 1000 ? String(n) : compact.format(n));
export const viewers = (n) => `${count(n)} ${n === 1 ? "viewer" : "viewers"}`;

// "2:05:09", "5:09"
export function duration(ms) {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export function ago(ms) {
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const minutes = Math.round(ms / 60000);
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 48 * 60) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 1440), "day");
}

export const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function hash(text) {
  let value = 2166136261;
  for (const character of String(text)) value = Math.imul(value ^ character.codePointAt(0), 16777619);
  return value >>> 0;
}

export const hueOf = (text) => hash(text) % 360;

// A name's colour that can be read on the dark background: contrast 4.5 or more against #12161d.
const palette = ["#ff8f8f", "#ffb47a", "#f7d774", "#b9e769", "#6fe3a1", "#5eead4", "#67d4ff", "#8fb4ff", "#b7a2ff", "#e59bff", "#ff9ed6"];
export function nameColor(color, id) {
  const match = /^#([0-9a-f]{6})$/i.exec(color ?? "");
  if (!match) return palette[hash(id) % palette.length];
  let parts = [0, 2, 4].map((at) => parseInt(match[1].slice(at, at + 2), 16));
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = () => 0.2126 * linear(parts[0]) + 0.7152 * linear(parts[1]) + 0.0722 * linear(parts[2]);
  for (let i = 0; i < 20 && luminance() < 0.21; ++i) parts = parts.map((part) => part + (255 - part) * 0.12);
  return `rgb(${parts.map(Math.round).join(" ")})`;
}
