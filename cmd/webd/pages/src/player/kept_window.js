// KeptWindow: which of a stream is kept, as origind tells it (api/…/window); all times are dates in ms.
const leastAge = 1000;  // ms between two askings

export class KeptWindow {
  known = false;
  epoch = null;   // the stream's beginning
  start = null;   // of what is kept
  end = null;     // when it was last read
  ended = false;
  #url;
  #asked = -Infinity;
  #misses = 0;    // in a row: a stream that has just begun may not be known yet
  #seen = 0;

  // Without an address nothing is ever known.
  constructor(url) {
    this.#url = url;
  }

  // Reads it again, unless that was less than `age` ms ago. What could not be read is asked for sooner.
  async read(age = leastAge) {
    const wait = this.#misses > 0 ? Math.min(age, leastAge * 2 ** (this.#misses - 1)) : age;
    if (!this.#url || performance.now() - this.#asked < Math.max(wait, leastAge)) return;
    this.#asked = performance.now();
    this.#misses += 1;
    try {
      const response = await fetch(this.#url);
      if (!response.ok) return;
      const { epoch, start, end, ended } = await response.json();
      Object.assign(this, { known: true, epoch: Date.parse(epoch), start: Date.parse(start), end: Date.parse(end), ended });
      this.#seen = performance.now();
      this.#misses = 0;
    } catch {
      // The next look may find it.
    }
  }

  endNow() {
    return this.ended ? this.end : this.end + performance.now() - this.#seen;
  }
}
