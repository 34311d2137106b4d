// hls.js 1.7.4 takes a segment of which less than 0.2 s is missing for whole. Where the part that is missing is the segment's last and as short as
// that (a keyframe came a frame after a part was full), and the playlist tells of it while the part before is still on its way, it asks for nothing
// more until the next segment is complete: two seconds without media.
const whole = "OK";  // the fragment tracker's word

// Its own methods, which another version may have renamed.
const used = ["isLoopLoading", "getLevelDetails"];

const fetchesLastParts = (Controller) => {
  const gone = used.filter((method) => typeof Controller.prototype[method] !== "function");
  if (gone.length) throw new Error(`hls.js's controllers have no ${gone.join(", ")}: is player/last_part.js still needed?`);
  return class extends Controller {
    // Asked before anything of a segment is loaded.
    isLoopLoading(segment, time) {
      const missing = (part) => part.fragment.sn === segment.sn && !part.loaded && !part.gap;
      const parts = this.loadingParts && this.fragmentTracker.getState(segment) === whole ? this.getLevelDetails()?.partList : null;
      if (!parts?.some(missing)) return super.isLoopLoading(segment, time);
      this.fragmentTracker.removeFragment(segment);
      return false;
    }
  };
};

// hls.js's own controllers, mended.
export const controllers = ({ streamController, audioStreamController }) => ({
  streamController: fetchesLastParts(streamController),
  audioStreamController: fetchesLastParts(audioStreamController),
});
