// What a live playlist tells of a publisher that is away: its newest pieces are gaps (EXT-X-GAP, 8216bis 4.4.4.7). `details` is hls.js's LevelDetails.

// Segments, then the parts of the one that still grows: {start, gap}, seconds.
function pieces(details) {
  const segments = details?.fragments ?? [];
  const end = segments.at(-1)?.end ?? 0;
  return [...segments, ...(details?.partList ?? []).filter((part) => part.start > end - 0.01)];
}

export const isAway = (details) => details?.live === true && pieces(details).at(-1)?.gap === true;

const crumb = 0.25;  // s: sound ends a frame before or after the picture, and hls.js takes a segment of which 0.2 s is missing for whole

// Where media begins again behind the gap that a player at `time` has come to; null where it has come to none, or nothing has come since.
export function returnedAt(details, time) {
  const all = pieces(details);
  const here = all.findLastIndex((piece) => piece.start <= time + crumb);
  if (!all[here]?.gap) return null;
  return all.find((piece, i) => i > here && !piece.gap)?.start ?? null;
}

const firstPart = 0.4;  // s of media that there must be to go on with when a publisher has come back

// While the picture at `time` stands still: {waits} when starting over would better nothing, {away} when the publisher is, {seek} where to go on.
// Asked only now and then, and gaps may be at the edge for a moment only (the server was away, and told of all of them late): that they have been
// there is read off the playlist, not remembered.
export function standsStill(details, time) {
  if (isAway(details)) return { waits: true, away: true };
  const back = details?.live ? returnedAt(details, time) : null;
  if (back === null) return { waits: false };
  if (details.edge - back < firstPart) return { waits: true };
  return { waits: true, seek: back + 0.05 };
}
