// hls.js 1.7.4 prepares for a segment before it finds that there is none (EXT-X-GAP), and who begins in a gap may never see a picture:
// - It fetches the header that the segment would need, and begins with the segment behind the gap. What it then does about the first, that nobody waits
//   for any more, breaks the second off, which it goes on waiting for.
// - Sound waits for a picture of the same stretch between discontinuities, to know its clock, and the picture waits for sound. Where a gap ends such a
//   stretch there may be none.
// - With more levels than one it loads the first segment of the lowest only to measure the bandwidth, and then again: a gap, again and again.
const used = ["loadInitSegmentIfNeeded", "loadFragment"]; // its own methods, which another version may have renamed

const isGap = (segment) => segment.gap && segment.tagList.some(([tag]) => tag === "GAP");  // what hls.js calls a gap for the time being, it fetches

// Sound's playlist, which tells whether all levels have the gap (gaps.js), is on its way.
function soundIsAwaited({ audioTracks, audioTrack }) {
  const track = audioTracks[audioTrack];
  return Boolean(track?.url && !track.details);
}

const loadsNothing = (Controller) => {
  const gone = used.filter((method) => typeof Controller.prototype[method] !== "function");
  if (gone.length) throw new Error(`hls.js's controllers have no ${gone.join(", ")}: is player/gap_loading.js still needed?`);
  return class extends Controller {
    loadInitSegmentIfNeeded(segment) {
      return isGap(segment) ? undefined : super.loadInitSegmentIfNeeded(segment);
    }
    // Asked again ten times a second.
    loadFragment(segment, level, time) {
      if (isGap(segment)) {
        if (soundIsAwaited(this.hls)) return;
        this.bitrateTest = false;
      }
      super.loadFragment(segment, level, time);
    }
  };
};

const awaitsNoPicture = (Controller) => {
  const every = Object.getPrototypeOf(Controller.prototype);  // what its controllers of sound and of pictures share, which does not wait
  if (typeof every.loadFragment !== "function") throw new Error("hls.js's controllers share no loadFragment: is player/gap_loading.js still needed?");
  return class extends Controller {
    loadFragment(segment, track, time) {
      if (isGap(segment) && !this.initPTS[segment.cc]) every.loadFragment.call(this, segment, track, time);
      else super.loadFragment(segment, track, time);
    }
  };
};

// hls.js's own controllers, mended.
export const loadsNoGaps = ({ streamController, audioStreamController }) => ({
  streamController: loadsNothing(streamController),
  audioStreamController: loadsNothing(awaitsNoPicture(audioStreamController)),
});
