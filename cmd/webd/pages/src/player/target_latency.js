// How far behind the live edge to play: at the playlist's hold-back, and further for a while after the picture stood
// still. hls.js alone moves a second away for each stall and never comes back; this comes back step by step, and waits
// longer before the next try each time the nearer place proves too near for this viewer. Seconds and milliseconds.
const step = 0.5;
const calm = 10_000;      // this long without a stall before a step forward
const patience = 300_000; // the longest such wait

export class TargetLatency {
  #extra = 0;
  #wait = calm;
  #since = 0;       // the last stall or step
  #forward = false; // the last of them was a step forward

  // The picture stood still at `now`; never further away than `most` seconds.
  stalled(now, most) {
    if (this.#forward && now - this.#since < this.#wait) this.#wait = Math.min(2 * this.#wait, patience);
    this.#extra = Math.min(most, this.#extra + step);
    this.#since = now;
    this.#forward = false;
  }

  // Where to play at `now`, in seconds behind the edge.
  at(now, holdBack) {
    if (this.#extra > 0 && now - this.#since >= this.#wait) {
      this.#extra = Math.max(0, this.#extra - step);
      this.#since = now;
      this.#forward = true;
    }
    return holdBack + this.#extra;
  }
}
