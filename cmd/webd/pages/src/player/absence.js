// What a live playlist tells of a publisher that is away: its newest pieces are gaps (EXT-X-GAP, 8216bis 4.4.4.7). `details` is hls.js's LevelDetails.

// Segments, then the parts of the one that still grows: {start, gap}, seconds.
function pieces(details) {
  const segments = details?.fragments ?? [];
  const end = segments.at(-1)?.end ?? 0;
  return [...segments, ...(details?.partList ?? []).filter((part) => part.start > end - 0.01)];
}

export const isAway = (details) => details?.live === true && pieces(details).at(-1)?.gap === true;

// Where media begins again behind the last gap; null without a gap, or while nothing has come since.
export function returnedAt(details) {
  const all = pieces(details);
  const gap = all.findLastIndex((piece) => piece.gap);
  return gap < 0 ? null : (all[gap + 1]?.start ?? null);
}
