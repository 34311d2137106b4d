// Playback: hls.js (or the browser's own HLS on iPhone) under settings for live: it aims near the edge, catches up by
// playing faster, and never gives up while the channel is live (decision 14). State is in signals; no page elements but <video>.
import { signal } from "@preact/signals";
import Hls from "hls.js";
import { TargetLatency } from "./target_latency.js";

// hls.js takes a connection that is refused (status 0) for a mistake that lasts; here a server that starts again is the likelier.
const shouldRetry = (config, count, timeout, response, usual) => usual || (count < config.maxNumRetry && response?.code === 0);
const retries = (first, last) => ({ maxNumRetry: 1e6, retryDelayMs: first, maxRetryDelayMs: last, backoff: "exponential", shouldRetry });
const policy = (firstByte, whole, timeouts, errors) => ({
  default: { maxTimeToFirstByteMs: firstByte, maxLoadTimeMs: whole, timeoutRetry: timeouts, errorRetry: errors },
});
const few = { maxNumRetry: 3, retryDelayMs: 250, maxRetryDelayMs: 1000, shouldRetry };

export const settings = {
  lowLatencyMode: true,
  enableWorker: true,
  workerPath: HLS_WORKER,
  startPosition: -1,
  // No liveSyncDuration* or liveMaxLatency* here: any value of ours would replace the playlist's PART-HOLD-BACK as the
  // place to play at. After a stall TargetLatency decides.
  liveSyncOnStallIncrease: 0,
  maxLiveSyncPlaybackRate: 1.25,
  liveDurationInfinity: true,
  backBufferLength: 20,
  maxBufferLength: 15,
  capLevelToPlayerSize: true,
  abrEwmaDefaultEstimate: 3_000_000,
  manifestLoadPolicy: policy(8000, 15000, retries(300, 4000), few),
  playlistLoadPolicy: policy(10000, 20000, retries(100, 2000), retries(250, 2000)),
  fragLoadPolicy: policy(8000, 30000, few, few),
};

const stallLimit = 8000;   // without a new picture while playing: start over
const stuckLimit = 700;    // the same with media at hand: Chromium's decoder, when a discontinuity overlaps its last frame by a
const stuckRetry = 1500;   //   rounding error, waits for the next keyframe; a seek to the spot brings it back
const tooFarBehind = 10;   // s behind the target while playing: playing faster takes too long, jump
const mediaGrace = 5000;   // a second media error within this time needs more than recoverMediaError

export class Playback {
  state = signal("loading");       // loading | playing | paused | buffering | ended
  muted = signal(false);
  volume = signal(1);
  mutedByBrowser = signal(false);  // autoplay with sound was refused
  latency = signal(null);          // seconds behind what the publisher sends, as far as the playlist tells
  behind = signal(false);          // far enough from the edge for a go-live button
  levels = signal([]);             // [{index,label}], best first
  chosen = signal(-1);             // -1: automatic
  current = signal(-1);            // the level that plays

  #hls = null;
  #url = "";
  #target = new TargetLatency();
  #timers = new Set();
  #watch = 0;
  #lastTime = -1;
  #lastProgress = 0;
  #lastUnstuck = 0;
  #lastMediaError = 0;
  #failures = 0;
  #wanted = true;   // the viewer wants it to play

  constructor(video) {
    this.video = video;
    this.native = !window.MediaSource && video.canPlayType("application/vnd.apple.mpegurl") !== "";
    const stored = Number(localStorage.getItem("volume") ?? 1);
    video.volume = this.volume.value = Number.isFinite(stored) ? Math.min(1, Math.max(0, stored)) : 1;
    video.muted = this.muted.value = localStorage.getItem("muted") === "true";
    this.listeners = {
      playing: () => this.#playing(),
      pause: () => (this.state.value = this.#wanted && !video.ended ? this.state.value : "paused"),
      waiting: () => this.state.value !== "loading" && (this.state.value = "buffering"),
      ended: () => (this.state.value = "ended"),
      volumechange: () => this.#volumeChanged(),
      error: () => this.native && this.#later(1000 * Math.min(8, 2 ** this.#failures++), () => this.#start()),
    };
    for (const [name, listener] of Object.entries(this.listeners)) video.addEventListener(name, listener);
  }

  open(url) {
    this.#url = url;
    this.#target = new TargetLatency();
    this.#failures = 0;
    this.#wanted = true;
    this.#start();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 500);
  }

  close() {
    clearInterval(this.#watch);
    this.#stop();
    for (const [name, listener] of Object.entries(this.listeners)) this.video.removeEventListener(name, listener);
  }

  #later(ms, task) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms);
    this.#timers.add(timer);
  }

  #stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#hls?.destroy();
    this.#hls = null;
    if (this.native) {
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  #start() {
    this.#stop();
    this.#lastProgress = performance.now();
    this.#lastTime = -1;
    if (this.state.value !== "paused") this.state.value = "loading";
    if (this.native) {
      this.video.src = this.#url;
      this.#play();
      return;
    }
    const hls = (this.#hls = new Hls(settings));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.levels.value = this.#describe(hls.levels);
      const kept = Number(localStorage.getItem("height"));
      const level = kept > 0 ? hls.levels.findIndex((each) => each.height === kept) : -1;
      this.choose(level, false);
      this.#play();
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => (this.current.value = level));
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (error.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#stalled(hls);
      if (error.fatal) this.#fatal(hls, error);
    });
    hls.attachMedia(this.video);
    hls.loadSource(this.#url);
  }

  #describe(levels) {
    const seen = new Set();
    return levels
      .map((level, index) => {
        const rate = Math.round(level.frameRate || level.attrs?.["FRAME-RATE"] || 0);
        let label = level.height ? `${level.height}p${rate > 30 ? rate : ""}` : `${Math.round(level.bitrate / 1000)} kbit/s`;
        if (seen.has(label)) label += ` · ${(level.bitrate / 1e6).toFixed(1)} Mbit/s`;
        seen.add(label);
        return { index, label, height: level.height ?? 0, bitrate: level.bitrate };
      })
      .sort((a, b) => b.height - a.height || b.bitrate - a.bitrate);
  }

  #fatal(hls, error) {
    if (hls !== this.#hls) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.#lastMediaError > mediaGrace) {
      this.#lastMediaError = performance.now();
      hls.recoverMediaError();
      return;
    }
    const wait = Math.min(8000, 500 * 2 ** this.#failures++);
    const dead = error.type !== Hls.ErrorTypes.NETWORK_ERROR || hls.levels.length === 0;
    this.#later(wait, () => (dead || this.#failures > 3 ? this.#start() : hls.startLoad(-1)));
  }

  #stalled(hls) {
    const details = hls.latestLevelDetails;
    if (details?.live) this.#target.stalled(performance.now(), details.targetduration);
  }

  #keepTarget() {
    const details = this.#hls?.latestLevelDetails;
    const holdBack = details?.partHoldBack || details?.holdBack;
    if (!holdBack || !details.live) return;
    const target = this.#target.at(performance.now(), holdBack);
    if (this.#hls.targetLatency !== target) this.#hls.targetLatency = target;
  }

  #playing() {
    this.state.value = "playing";
    this.#failures = 0;
  }

  async #play() {
    if (!this.#wanted) return;
    try {
      await this.video.play();
    } catch (refusal) {
      if (refusal.name !== "NotAllowedError") return;
      if (this.video.muted) {
        this.#wanted = false;
        this.state.value = "paused";
        return;
      }
      this.mutedByBrowser.value = true;
      this.video.muted = true;
      this.#play();
    }
  }

  // Twice a second: latency, and whether pictures still come.
  #look() {
    const video = this.video;
    const now = performance.now();
    if (video.currentTime !== this.#lastTime || video.paused || this.state.value === "ended") {
      this.#lastTime = video.currentTime;
      this.#lastProgress = now;
    } else if (now - this.#lastProgress > stallLimit && !document.hidden) {
      this.#start();
      return;
    } else if (!this.native && now - this.#lastProgress > stuckLimit && now - this.#lastUnstuck > stuckRetry && this.#bufferedAhead() > 0.3) {
      this.#lastUnstuck = now;
      video.currentTime += 0.001;
      this.#lastTime = video.currentTime;  // no progress
    }
    this.#keepTarget();
    const edge = this.#edge();
    if (edge === null) return;
    this.latency.value = edge.latency;
    this.behind.value = edge.latency > edge.target + 3;
    if (edge.latency > edge.target + tooFarBehind && this.state.value === "playing") this.goLive();
  }

  // Seconds of media at hand from where it plays.
  #bufferedAhead() {
    const { buffered, currentTime, seeking } = this.video;
    for (let i = 0; i < buffered.length && !seeking; ++i) {
      if (buffered.start(i) <= currentTime && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  #edge() {
    if (this.#hls && this.#hls.levels.length > 0 && this.#hls.latency > 0)
      return { latency: this.#hls.latency, target: this.#hls.targetLatency ?? 3 };
    const seekable = this.video.seekable;
    if (!this.native || seekable.length === 0) return null;
    return { latency: Math.max(0, seekable.end(seekable.length - 1) - this.video.currentTime), target: 6 };
  }

  #volumeChanged() {
    this.muted.value = this.video.muted;
    this.volume.value = this.video.volume;
    if (!this.video.muted) this.mutedByBrowser.value = false;
    if (this.mutedByBrowser.value) return;  // not the viewer's own choice
    localStorage.setItem("muted", String(this.video.muted));
    localStorage.setItem("volume", String(this.video.volume));
  }

  toggle() {
    if (this.video.paused) {
      this.#wanted = true;
      this.goLive();
    } else {
      this.#wanted = false;
      this.state.value = "paused";
      this.video.pause();
    }
  }
  goLive() {
    this.#wanted = true;
    const edge = this.#hls?.liveSyncPosition;
    const seekable = this.video.seekable;
    if (Number.isFinite(edge)) this.video.currentTime = edge;
    else if (seekable.length > 0) this.video.currentTime = Math.max(0, seekable.end(seekable.length - 1) - 3);
    this.#play();
  }
  setMuted(muted) {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }
  setVolume(volume) {
    this.video.volume = volume;
    this.video.muted = volume === 0;
  }
  choose(index, remember = true) {
    this.chosen.value = index;
    if (!this.#hls) return;
    this.#hls.nextLevel = index;
    if (!remember) return;
    const height = index >= 0 ? this.#hls.levels[index].height : 0;
    localStorage.setItem("height", String(height));
  }
}
