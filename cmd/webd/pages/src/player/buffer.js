// Where what is buffered from the picture on ends, in seconds; null when nothing is, or the element seeks.
export function bufferEnd({ buffered, currentTime, seeking }) {
  for (let i = 0; i < buffered.length && !seeking; ++i) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i) + 0.1) return buffered.end(i);
  }
  return null;
}
