// 1, 2, 4 … 30 s; reset() when it worked.
export class Backoff {
  constructor(first = 1000, last = 30000) {
    this.first = first;
    this.last = last;
    this.reset();
  }
  reset() {
    this.wait = this.first;
  }
  next() {
    const wait = this.wait;
    this.wait = Math.min(this.last, wait * 2);
    return wait;
  }
}
