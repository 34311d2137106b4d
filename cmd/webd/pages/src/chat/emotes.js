// Where a line's text has emotes: chatd tells them as [id, first, last], inclusive positions in code points (sluice-chat(5)).

// The text in pieces: {text}, or {id, code} where an emote is. What is no position in this text is text.
export function pieces(text, emotes) {
  if (!emotes?.length) return [{ text }];
  const points = [...text];
  const found = [];
  let done = 0;
  const upTo = (end) => end > done && found.push({ text: points.slice(done, end).join("") });
  for (const [id, first, last] of [...emotes].sort((a, b) => a[1] - b[1])) {
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < done || last < first || last >= points.length) continue;
    upTo(first);
    found.push({ id: String(id), code: points.slice(first, last + 1).join("") });
    done = last + 1;
  }
  upTo(points.length);
  return found;
}

const scales = ["1x", "2x", "4x"];

// The addresses of its pictures, as <img> takes them.
export function pictures(id) {
  const at = (scale) => `/emotes/${encodeURIComponent(id)}/${scale}`;
  return { src: at("1x"), srcset: scales.map((scale) => `${at(scale)} ${scale}`).join(", ") };
}
