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

const firstPart = 0.4;  // s of media that there must be to go on with when a publisher has come back

// Absence: a player at the edge of a stream whose publisher went away, and came back.
export class Absence {
  #was = false;  // gaps were at the edge, and what came after them has not been played yet

  // While the picture at `time` stands still: {waits} when starting over would better nothing, {away} when the publisher is, {seek}
  // where to go on.
  look(details, time) {
    if (isAway(details)) {
      this.#was = true;
      return { waits: true, away: true };
    }
    if (!this.#was) return { waits: false };
    const back = returnedAt(details);
    if (back === null || back <= time) {
      this.#was = false;
      return { waits: false };
    }
    if (details.edge - back < firstPart) return { waits: true };
    this.#was = false;
    return { waits: true, seek: back + 0.05 };
  }

  // The picture moves.
  moved(details, time) {
    if (!this.#was) return;
    const back = returnedAt(details);
    this.#was = back === null || time < back;
  }
}
