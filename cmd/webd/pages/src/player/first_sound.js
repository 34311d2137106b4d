// hls.js 1.7.4 takes a start that lies before a playlist's first segment for none, and begins at the live edge. Sound begins some milliseconds after the
// picture, or with a track that came late seconds after it: from the start of a stream that goes on, sound was loaded at the edge, and where that is
// behind a discontinuity it waits for a picture from there, as the picture waits for sound, for ever.
const used = "setStartPosition"; // its own method, which another version may have renamed

// hls.js's own controller of sound, which begins with the first that there is.
export const firstSound = (Controller) => {
  if (typeof Controller.prototype[used] !== "function") throw new Error(`hls.js's controller of sound has no ${used}: is player/first_sound.js still needed?`);
  return class extends Controller {
    // `first`: where the playlist's first segment begins.
    setStartPosition(details, first) {
      if (this.startPosition >= 0 && this.startPosition < first) this.startPosition = first;
      super.setStartPosition(details, first);
    }
  };
};
