// How long a picture that stands still is waited for before the player starts over. On a slow path or a slow machine the first picture takes longer
// than any standstill should: what comes on the way to it is waited on from there, and who started over in vain waits twice as long the next time.
// Without that a viewer whose first picture takes longer than the limit never sees one.
const first = 8000;  // ms
const most = 32_000;

export class Patience {
  #limit = first;
  #since = 0;          // ms
  #steps = new Set();

  // The player starts (over).
  begin(now) {
    this.#since = now;
    this.#steps.clear();
  }

  // A step towards the first picture, of which only the first time tells anything: playlists come for ever.
  came(step, now) {
    if (this.#steps.has(step)) return;
    this.#steps.add(step);
    this.#since = now;
  }

  // The picture moves, or nobody expects it to.
  moved(now) {
    this.#since = now;
  }

  played() {
    this.#limit = first;
  }

  // ms that nothing came.
  waited(now) {
    return now - this.#since;
  }

  // Whether to start over; to be asked until it is so.
  isOver(now) {
    if (this.waited(now) <= this.#limit) return false;
    this.#limit = Math.min(2 * this.#limit, most);
    return true;
  }
}
