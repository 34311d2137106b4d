// What a live playlist tells of a publisher that is away: its newest pieces are gaps (EXT-X-GAP, 8216bis 4.4.4.7). `details` is hls.js's LevelDetails.

// Segments, then the parts of the one that still grows: {start, gap}, seconds.
function pieces(details) {
  const segments = details?.fragments ?? [];
  const end = segments.at(-1)?.end ?? 0;
  return [...segments, ...(details?.partList ?? []).filter((part) => part.start > end - 0.01)];
}

export const isAway = (details) => details?.live === true && pieces(details).at(-1)?.gap === true;

// Where the gap at the edge begins, seconds; null where there is none.
export function awaySince(details) {
  const all = pieces(details);
  return isAway(details) ? all[all.findLastIndex((piece) => !piece.gap) + 1].start : null;
}

const crumb = 0.25;  // s: sound ends a frame before or after the picture, and hls.js takes a segment of which 0.2 s is missing for whole

// Where media begins again behind the gap that a player at `time` has come to; null where it has come to none, or nothing has come since.
export function returnedAt(details, time) {
  const all = pieces(details);
  const here = all.findLastIndex((piece) => piece.start <= time + crumb);
  if (!all[here]?.gap) return null;
  return all.find((piece, i) => i > here && !piece.gap)?.start ?? null;
}

// Where media begins again behind the last gap ahead of `time`; null where there is none. A segment that lost some of its parts (the disk was full) is
// no gap itself, but its parts tell of them for as long as they are listed.
function behindLastGap(details, time) {
  const parts = details.partList ?? [];
  const listed = parts[0]?.start ?? Infinity;
  const all = [...details.fragments.filter((segment) => segment.start < listed - 0.01), ...parts];
  const last = all.findLastIndex((piece) => piece.gap);
  return last >= 0 && all[last].start > time ? all[last + 1]?.start ?? null : null;
}

const firstPart = 0.4;  // s of media that there must be to go on with when a publisher has come back

export const longStill = 1500;  // ms

// While the picture at `time` stands still: {waits} when starting over would better nothing, {away} when the publisher is, {seek} where to go on,
// {again} when starting over is all that helps: hls.js has taken segments with lost parts for whole ones. `still`: ms that it has, and nobody was away.
// Asked only now and then, and gaps may be at the edge for a moment only (the server was away, and told of all of them late): that they have been
// there is read off the playlist, not remembered.
export function standsStill(details, time, still = 0) {
  if (isAway(details)) return { waits: true, away: true };
  if (!details?.live) return { waits: false };
  const back = returnedAt(details, time);
  if (back === null) {
    const behind = still > longStill ? behindLastGap(details, time) : null;
    return behind !== null && details.edge - behind > details.partHoldBack ? { waits: false, again: true } : { waits: false };
  }
  if (details.edge - back < firstPart) return { waits: true };
  return { waits: true, seek: back + 0.05 };
}

const nearEnd = 1;   // s: where sound or the picture ends first, nothing is shown to the playlist's end
const slack = 1000;  // ms: for what is on its way

// What a player that stands still at `time` of the whole stream has come to: the playlist's "end", which is "over" where nothing more comes, and "away"
// where nothing has come for so long that the publisher must be; null while there is more. Gaps at the edge are left out of that playlist: it ends
// ever further before what is kept. `listed` and `kept`: the ends of both, dates in ms; null where they are not known. A segment is listed when it is
// complete, and looked for about as often.
export function pastEnd(details, time, listed, kept) {
  if (!details || details.edge - time > nearEnd) return null;
  if (!details.live) return "over";
  return listed !== null && kept !== null && kept - listed > 2000 * details.targetduration + slack ? "away" : "end";
}
