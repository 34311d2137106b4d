// How near the live edge to play: as near as what has arrived lately allows, whatever the playlist's hold-back, which must suit everybody. Parts arrive
// whole and unevenly; what counts is how little was left ahead of the picture before the next came. That is held at a margin, by playing a
// little faster or slower. hls.js alone plays faster only with more than a second ahead, which is most of what a stream of short parts is late by.
// Through an encoded rung the picture is 0.92 s late instead of 1.48 s with parts of 0.2 s, and 1.41 s instead of 2.06 s with 0.5 s (p95).
// Each time the picture stands still the margin grows for a while, and longer each time the nearer place proves too near for this viewer.
const memory = 20_000;    // ms: how long an arrival that was late counts
const leastMargin = 0.15; // s: a browser draws pictures from a few frames ahead
const partMargin = 0.5;   // of a part: what a larger part takes longer to fetch
const joining = 1500;     // ms: arrivals at first tell of the joining, not of the path
const known = 1500;       // ms of arrivals after that, before the first change of pace
const begin = 0.07;       // s from the wanted place, either way: where a change of pace begins…
const end = 0.02;         // …and ends
const gain = 0.5;         // of pace for each second of distance
const fastest = 1.25;
const slowest = 0.9;

const step = 0.25;        // s further away for a stall
const mostExtra = 2;      // s
const calm = 10_000;      // ms without a stall before a step forward
const patience = 300_000; // the longest such wait

export class LiveEdge {
  #arrivals = [];   // {at, lead}: seconds that what was buffered was ahead of the clock, at its least, before each arrival
  #end = null;      // s: where the buffer ends
  #since = 0;       // ms: what is known begins here
  #pace = 1;
  #extra = 0;
  #wait = calm;
  #changed = 0;     // the last stall or step
  #forward = false; // the last of them was a step forward

  // What is buffered from the picture on ends at `bufferEnd`; to be told after each arrival, and now and then.
  arrived(now, bufferEnd) {
    if (this.#end === null) this.#since = now;
    if (now - this.#since >= joining) {
      const lead = this.#end - now / 1000;
      while (this.#arrivals.length > 0 && this.#arrivals.at(-1).lead >= lead) this.#arrivals.pop();  // never the least again
      this.#arrivals.push({ at: now, lead });
      while (this.#arrivals[0].at < now - memory) this.#arrivals.shift();
    }
    this.#end = bufferEnd;
  }

  // What has arrived tells nothing of what will: a seek, a publisher that was away.
  forget() {
    this.#arrivals = [];
    this.#end = null;
  }

  // The picture stood still for want of data.
  stalled(now) {
    if (this.#forward && now - this.#changed < this.#wait) this.#wait = Math.min(2 * this.#wait, patience);
    this.#extra = Math.min(mostExtra, this.#extra + step);
    this.#changed = now;
    this.#forward = false;
  }

  // The pace to play at where `time` (s) is shown `now`, of parts that last `part` s.
  pace(now, time, part) {
    if (this.#extra > 0 && now - this.#changed >= this.#wait) {
      this.#extra -= step;
      this.#changed = now;
      this.#forward = true;
    }
    if (this.#arrivals.length === 0 || now - this.#since < joining + known) return (this.#pace = 1);
    const least = this.#arrivals[0].lead + now / 1000 - time;  // that would be left before an arrival as late as the latest of late
    const distance = least - Math.max(leastMargin, part * partMargin) - this.#extra;
    if (this.#pace === 1 ? Math.abs(distance) < begin : distance * (this.#pace - 1) < 0 || Math.abs(distance) < end) return (this.#pace = 1);
    const exact = Math.min(fastest, Math.max(slowest, 1 + gain * distance));
    this.#pace = Math.round(exact * 20) / 20 || 1;
    if (this.#pace === 1) this.#pace = distance > 0 ? 1.05 : 0.95;
    return this.#pace;
  }
}
