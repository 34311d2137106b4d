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
  #seen = 0;

  // Without an address nothing is ever known.
  constructor(url) {
    this.#url = url;
  }

  // Reads it again, unless that was less than `age` ms ago.
  async read(age = leastAge) {
    if (!this.#url || performance.now() - this.#asked < Math.max(age, leastAge)) return;
    this.#asked = performance.now();
    try {
      const response = await fetch(this.#url);
      if (!response.ok) return;
      const { epoch, start, end, ended } = await response.json();
      Object.assign(this, { known: true, epoch: Date.parse(epoch), start: Date.parse(start), end: Date.parse(end), ended });
      this.#seen = performance.now();
    } catch {
      // The next look may find it.
    }
  }

  endNow() {
    return this.ended ? this.end : this.end + performance.now() - this.#seen;
  }
}
