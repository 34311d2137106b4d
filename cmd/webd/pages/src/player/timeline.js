// From wall-clock dates (EXT-X-PROGRAM-DATE-TIME) to a player's own time and back, over the segments of a media playlist: rising,
// {start, duration} in seconds of the player's time, {programDateTime} in ms.
const end = (segment) => segment.start + segment.duration;

function last(segments, test) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(segments[middle])) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1] ?? null;
}

// The date of a moment; null when the playlist does not tell.
export function dateAt(segments, time) {
  const segment = last(segments, (each) => each.start <= time) ?? segments[0];
  if (!segment || segment.programDateTime == null) return null;
  return segment.programDateTime + (time - segment.start) * 1000;
}

// When the player shows a date: null before the first segment; in a hole between two, the second's beginning; past the last, its end.
export function timeAt(segments, date) {
  const segment = last(segments, (each) => each.programDateTime != null && each.programDateTime <= date);
  if (!segment) return null;
  return Math.min(segment.start + (date - segment.programDateTime) / 1000, end(segment));
}
