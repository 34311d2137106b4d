// Playback: hls.js (or the browser's own HLS on iPhone) near the live edge, as near as LiveEdge finds that it may. Behind the edge it plays
// the whole stream's playlist instead, from any point that is kept. State is in signals; no page elements but <video>.
import { signal } from "@preact/signals";
import Hls from "hls.js";
import { isAway, returnedAt } from "./absence.js";
import { settings, wholeSettings } from "./hls_settings.js";
import { LiveEdge } from "./live_edge.js";
import { dateAt, timeAt } from "./timeline.js";

const nearEdge = 6000;     // ms from the edge: seeking there is going live
const windowMargin = 6000; // ms kept from a beginning that is being removed
const windowAge = { live: 30000, whole: 10000 };  // ms between two looks at what is kept
const shortPause = 5000;   // ms: after it, playing goes on from where it stopped

const stallLimit = 8000;   // without a new picture while playing: start over
const firstPart = 0.4;     // s of media that there must be to go on with when a publisher has come back
const stuckLimit = 700;    // the same with media at hand: Chromium's decoder, when a discontinuity overlaps its last frame by a
const stuckRetry = 1500;   //   rounding error, waits for the next keyframe; a seek to the spot brings it back
const tooFarBehind = 10;   // s behind the target while playing: playing faster takes too long, jump
const mediaGrace = 5000;   // a second media error within this time needs more than recoverMediaError

export class Playback {
  state = signal("loading");       // loading | playing | paused | buffering | away | ended
  muted = signal(false);
  volume = signal(1);
  mutedByBrowser = signal(false);  // autoplay with sound was refused
  latency = signal(null);          // seconds behind what the publisher sends, as far as the playlist tells
  behind = signal(false);          // far enough from the edge for a go-live button
  levels = signal([]);             // [{index,label}], best first
  chosen = signal(-1);             // -1: automatic
  current = signal(-1);            // the level that plays
  mode = signal("live");           // live | whole: the short live presentation, or the stream from its first kept segment
  place = signal(null);            // {start, end, at}, wall clock in ms: what is kept of the stream, and what is shown
  epoch = signal(null);            // the stream's beginning, ms

  #hls = null;
  #source = { live: "", whole: "", window: "" };
  #window = null;   // {epoch, start, end, ended, seen}: what origind said is kept, ms; when it said so
  #windowAsked = -Infinity;
  #at = 0;          // ms: where to go on in the whole stream
  #settle = false;  // go exactly there once there is media
  #pausedAt = 0;
  #liveEdge = new LiveEdge();
  #timers = new Set();
  #watch = 0;
  #pacing = 0;
  #lastTime = -1;
  #lastProgress = 0;
  #lastUnstuck = 0;
  #lastMediaError = 0;
  #wasAway = false; // gaps were at the edge, and what came after them has not been played yet
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
      loadedmetadata: () => this.native && this.#settleNow(),
      pause: () => (this.state.value = this.#wanted && !video.ended ? this.state.value : "paused"),
      waiting: () => this.#waits(),
      seeking: () => this.#liveEdge.forget(),
      ended: () => (this.state.value = "ended"),
      volumechange: () => this.#volumeChanged(),
      error: () => this.native && this.#later(1000 * Math.min(8, 2 ** this.#failures++), () => this.#start()),
    };
    for (const [name, listener] of Object.entries(this.listeners)) video.addEventListener(name, listener);
  }

  // source: {live, whole, window}, addresses; without `whole` and `window` there is no going back.
  open(source) {
    this.#source = source;
    this.#window = null;
    this.#windowAsked = -Infinity;
    this.mode.value = "live";
    this.place.value = null;
    this.#liveEdge = new LiveEdge();
    this.#failures = 0;
    this.#wanted = true;
    this.#start();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 500);
    clearInterval(this.#pacing);
    this.#pacing = setInterval(() => this.#keepPace(), 100);
  }

  close() {
    clearInterval(this.#watch);
    clearInterval(this.#pacing);
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
    const whole = this.mode.value === "whole";
    const url = whole ? this.#source.whole : this.#source.live;
    this.#settle = whole;
    if (this.native) {
      this.video.src = url;
      this.#play();
      return;
    }
    const kept = this.#window;
    const startPosition = whole && kept ? Math.max(0, (this.#at - kept.start) / 1000) : -1;
    const hls = (this.#hls = new Hls(whole ? { ...wholeSettings, startPosition } : settings));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.levels.value = this.#describe(hls.levels);
      const kept = Number(localStorage.getItem("height"));
      const level = kept > 0 ? hls.levels.findIndex((each) => each.height === kept) : -1;
      this.choose(level, false);
      this.#play();
    });
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.#settleNow());
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => (this.current.value = level));
    hls.on(Hls.Events.BUFFER_APPENDED, () => this.#arrived());
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.#fatal(hls, error));
    hls.attachMedia(this.video);
    hls.loadSource(url);
  }

  // What is kept of the stream moves on: read again now and then.
  async #readWindow() {
    const { window } = this.#source;
    if (!window || performance.now() - this.#windowAsked < 1000) return;
    this.#windowAsked = performance.now();
    try {
      const response = await fetch(window);
      if (!response.ok || window !== this.#source.window) return;
      const { epoch, start, end, ended } = await response.json();
      this.#window = { epoch: Date.parse(epoch), start: Date.parse(start), end: Date.parse(end), ended, seen: performance.now() };
      this.epoch.value = this.#window.epoch;
    } catch {
      // The next look may find it.
    }
  }

  #segments() {
    return this.#hls?.latestLevelDetails?.fragments ?? [];
  }

  // The date of what is shown; null while that is not known.
  #date() {
    if (!this.native) return dateAt(this.#segments(), this.video.currentTime);
    const zero = this.video.getStartDate?.().getTime();
    return Number.isFinite(zero) ? zero + this.video.currentTime * 1000 : null;
  }

  // In the whole stream: from about the right place to exactly there.
  #settleNow() {
    if (!this.#settle) return;
    this.#settle = false;
    const zero = this.video.getStartDate?.().getTime();
    const time = this.native ? (this.#at - (Number.isFinite(zero) ? zero : this.#window?.start ?? this.#at)) / 1000 : timeAt(this.#segments(), this.#at);
    if (time !== null && Math.abs(time - this.video.currentTime) > 0.2) this.video.currentTime = time;
  }

  #findPlace() {
    const kept = this.#window;
    if (performance.now() - this.#windowAsked > windowAge[this.mode.value]) this.#readWindow();
    if (!kept) return;
    let end = kept.ended ? kept.end : kept.end + performance.now() - kept.seen;
    const details = this.#hls?.latestLevelDetails;
    if (this.mode.value === "live" && details?.live) end = dateAt(details.fragments, details.edge) ?? end;
    const date = this.#settle ? this.#at : this.#date();
    if (date === null) return;
    const at = Math.min(date, end);
    if (this.mode.value === "whole" && !this.#settle && this.state.value !== "loading") this.#at = at;
    this.place.value = { start: kept.start, end, at };
  }

  get #over() {
    return this.#window?.ended || (this.mode.value === "whole" && this.#hls?.latestLevelDetails?.live === false);
  }

  // Shows what was on at a date (ms): the live edge when it is near, else the whole stream.
  seekTo(date) {
    const place = this.place.value;
    if (!place || !this.#source.whole) return;
    if (date >= place.end - nearEdge && !this.#over) return this.goLive();
    this.#wanted = true;
    const removed = place.start > (this.epoch.value ?? place.start) + 1000;
    this.#at = Math.min(Math.max(date, place.start + (removed ? windowMargin : 0)), place.end - 500);
    this.place.value = { ...place, at: this.#at };
    if (this.mode.value === "live") {
      this.mode.value = "whole";
      this.#failures = 0;
      this.#start();
      return;
    }
    this.#settle = true;
    if (this.native ? this.video.readyState > 0 : this.video.readyState > 0 && this.#segments().length > 0) this.#settleNow();
    this.#play();
  }
  goToStart() {
    if (this.place.value) this.seekTo(this.place.value.start);
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
    if (this.mode.value === "whole") this.#readWindow();  // what it wants may have been removed
    this.#later(wait, () => (dead || this.#failures > 3 ? this.#start() : hls.startLoad(-1)));
  }

  #waits() {
    const late = this.mode.value === "live" && !this.video.seeking && !isAway(this.#hls?.latestLevelDetails);
    if (late && this.state.value === "playing") this.#liveEdge.stalled(performance.now());
    if (this.state.value !== "loading") this.state.value = "buffering";
  }

  #arrived() {
    const end = this.mode.value === "live" ? this.#bufferEnd() : null;
    if (end !== null) this.#liveEdge.arrived(performance.now(), end);
  }

  // Ten times a second. Timers of a page that nobody sees are rare: it keeps its place.
  #keepPace() {
    const details = this.#hls?.latestLevelDetails;
    let pace = 1;
    if (details?.live && details.partTarget && this.state.value === "playing" && !document.hidden) {
      this.#arrived();
      pace = this.#liveEdge.pace(performance.now(), this.video.currentTime, details.partTarget);
    }
    if (this.video.playbackRate !== pace) this.video.playbackRate = pace;
  }

  #playing() {
    this.state.value = "playing";
    this.#failures = 0;
  }

  async #play() {
    if (!this.#wanted) return;
    this.#pausedAt = 0;
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
      this.#wasAway = this.#wasAway && !this.#passedGap();
    } else if (this.#waitsForPublisher()) {
      this.#lastProgress = now;
    } else if (now - this.#lastProgress > stallLimit && !document.hidden) {
      this.#start();
      return;
    } else if (!this.native && now - this.#lastProgress > stuckLimit && now - this.#lastUnstuck > stuckRetry && (this.#bufferEnd() ?? 0) - video.currentTime > 0.3) {
      this.#lastUnstuck = now;
      video.currentTime += 0.001;
      this.#lastTime = video.currentTime;  // no progress
    }
    this.#findPlace();
    if (this.mode.value === "whole") {
      const { start, end, at } = this.place.value ?? {};
      if (end) this.latency.value = (end - at) / 1000;
      this.behind.value = true;
      // What it plays is about to be removed.
      if (this.#window && this.#window.start > this.#window.epoch + 1000 && at < start + windowMargin / 3 && !video.paused && !this.#settle) this.seekTo(start);
      return;
    }
    const edge = this.#edge();
    if (edge === null) return;
    this.latency.value = edge.latency;
    this.behind.value = edge.latency > edge.target + 3;
    if (edge.latency > edge.target + tooFarBehind && this.state.value === "playing") this.goLive();
  }

  // Nothing to play, and nothing that starting over would better: the publisher is away. When it is back, goes on with it.
  #waitsForPublisher() {
    const details = this.mode.value === "live" ? this.#hls?.latestLevelDetails : null;
    if (isAway(details)) {
      this.#liveEdge.forget();
      this.#wasAway = true;
      if (this.state.value !== "paused") this.state.value = "away";
      return true;
    }
    if (!this.#wasAway) return false;
    const back = returnedAt(details);
    if (back === null || back <= this.video.currentTime) {
      this.#wasAway = false;
      return false;
    }
    if (details.edge - back >= firstPart) {
      this.#wasAway = false;
      this.video.currentTime = back + 0.05;
    }
    return true;
  }
  #passedGap() {
    const back = returnedAt(this.#hls?.latestLevelDetails);
    return back !== null && this.video.currentTime >= back;
  }

  // Where what is buffered from the picture on ends; null when nothing is, or it seeks.
  #bufferEnd() {
    const { buffered, currentTime, seeking } = this.video;
    for (let i = 0; i < buffered.length && !seeking; ++i) {
      if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i) + 0.1) return buffered.end(i);
    }
    return null;
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
      const long = performance.now() - this.#pausedAt > shortPause;
      if (this.mode.value === "whole" || !long) this.#play();
      else if (this.place.value && this.#source.whole) this.seekTo(this.place.value.at);
      else this.goLive();
    } else {
      this.#wanted = false;
      this.#pausedAt = performance.now();
      this.state.value = "paused";
      this.video.pause();
    }
  }
  goLive() {
    this.#wanted = true;
    if (this.mode.value === "whole") {
      this.mode.value = "live";
      this.#failures = 0;
      this.#start();
      return;
    }
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
