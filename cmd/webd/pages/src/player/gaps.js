// hls.js 1.7.4 takes a gap (EXT-X-GAP) for a fault of the level that has it: it goes to another level, of which it often knows no better, forgets a
// quality that the viewer has chosen, and keeps away from a level with faults, at the live edge for good. A publisher who was away has left the gap in
// all levels and in sound, as has a disk that had no room: it is passed, and the quality is as before. A gap of one level alone is left to hls.js.
const used = "onError"; // its own method, which another version may have renamed

const nothing = { action: 0, flags: 0 };  // its NetworkErrorAction.DoNothing; with a policy of retries, the next segment is loaded at once

// Is there a gap in a playlist (hls.js's LevelDetails) where another has one: a segment, or a part of one? Undefined where it does not tell: it has not
// been loaded, or not lately. Segments have the same numbers everywhere; parts have theirs but for one, where a rendition is cut a little sooner.
export function gapIn(details, segment, part) {
  const same = details?.fragments[segment.sn - details.startSN];
  if (same && (same.gap || !part)) return Boolean(same.gap);  // hls.js leaves it undefined where there is none
  const parts = (details?.partList ?? []).filter(({ fragment }) => fragment.sn === segment.sn);
  if (parts.some(({ gap, index }) => gap && index <= part?.index + 1)) return true;
  return parts.some(({ index }) => index > part?.index) ? false : undefined;
}

// Do all levels have the gap that one of them has there? Undefined while no level is known to have media, and not all are known, nor that the sound that
// they share has none.
export function gapEverywhere(levels, segment, part, sound) {
  const each = levels.map(({ details }, level) => level === segment.level || gapIn(details, segment, part));
  if (each.includes(false)) return false;
  return !each.includes(undefined) || gapIn(sound, segment, part) || undefined;
}

const soundOf = (hls) => hls.audioTracks?.[hls.audioTrack]?.details;

// hls.js's own controller of errors.
export const passesGaps = (Controller) => {
  if (typeof Controller.prototype[used] !== "function") throw new Error(`hls.js's controller of errors has no ${used}: is player/gaps.js still needed?`);
  return class extends Controller {
    onError(event, data) {
      if (data.fatal || data.details !== "fragGap") return super.onError(event, data);
      const { levels, config, autoLevelEnabled } = this.hls;
      const everywhere = data.frag.type === "main" ? gapEverywhere(levels, data.frag, data.part, soundOf(this.hls)) : true;  // all levels share their sounds
      if (everywhere ?? this.#staysUntilKnown(data, autoLevelEnabled)) {
        data.errorAction = { ...nothing, retryConfig: config.fragLoadPolicy.default.errorRetry, retryCount: 0, resolved: true };
        return;
      }
      const before = levels.map(({ loadError }) => loadError);
      super.onError(event, data);
      if (everywhere === undefined) levels.forEach((level, i) => (level.loadError = before[i]));
    }

    // Sound that has not come so far yet will tell of the next piece. Without any, a choice stays behind the edge; at the edge it would last.
    #staysUntilKnown({ frag, part }, automatic) {
      const sound = soundOf(this.hls);
      if (frag.sn >= sound?.startSN) return gapIn(sound, frag, part) === undefined;
      return !automatic && !this.hls.config.lowLatencyMode;
    }
  };
};

// Where media begins again for who wants to be at `time` of a stream: there, or behind the gap in all levels that it lies in, if that has an end yet.
export function behindGap(hls, time) {
  const segments = hls.latestLevelDetails?.fragments ?? [];
  const here = segments.findLastIndex(({ start }) => start <= time);
  const missing = (segment) => segment?.gap && gapEverywhere(hls.levels, segment, undefined, soundOf(hls));
  if (!missing(segments[here])) return time;
  const next = segments.slice(here).find((segment) => !missing(segment));
  return next ? next.start + 0.05 : time;  // sound begins some milliseconds later
}
