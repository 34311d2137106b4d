// hls.js 1.7.4 takes a gap (EXT-X-GAP) for a fault of the level that has it: it goes to another level, of which it often knows no better, forgets a
// quality that the viewer has chosen, and keeps away from a level with faults. A publisher who was away has left the gap in all levels and in sound:
// it is passed, and the quality is as before. A gap of one level alone is left to hls.js.
const used = "onError"; // its own method, which another version may have renamed

const nothing = { action: 0, flags: 0 };  // its NetworkErrorAction.DoNothing; with a policy of retries, the next segment is loaded at once

// Of a segment that is a gap: do all levels have one there? Undefined while no level is known to have media, and not all are known. Segments have the
// same numbers in all levels.
export function gapEverywhere(levels, segment) {
  let known = true;
  for (const { details } of levels) {
    const same = details?.fragments[segment.sn - details.startSN];
    if (same && !same.gap) return false;
    known &&= same !== undefined;
  }
  return known || undefined;
}

// hls.js's own controller of errors.
export const passesGaps = (Controller) => {
  if (typeof Controller.prototype[used] !== "function") throw new Error(`hls.js's controller of errors has no ${used}: is player/gaps.js still needed?`);
  return class extends Controller {
    onError(event, data) {
      if (data.fatal || data.details !== "fragGap") return super.onError(event, data);
      const { levels, config, autoLevelEnabled } = this.hls;
      const everywhere = data.frag.type === "main" ? gapEverywhere(levels, data.frag) : true;  // all levels share their sounds
      if (everywhere ?? !autoLevelEnabled) {
        data.errorAction = { ...nothing, retryConfig: config.fragLoadPolicy.default.errorRetry, retryCount: 0, resolved: true };
        return;
      }
      const before = levels.map(({ loadError }) => loadError);
      super.onError(event, data);
      if (everywhere === undefined) levels.forEach((level, i) => (level.loadError = before[i]));
    }
  };
};
