// Playback: hls.js (or the browser's own HLS on iPhone) near the live edge, as near as LiveEdge finds that it may. Behind the edge it plays
// the whole stream's playlist instead, from any point that is kept. State is in signals; no page elements but <video>.
import { signal } from "@preact/signals";
import Hls from "hls.js";
import { awaySince, isAway, longStill, pastEnd, standsStill } from "./absence.js";
import { bufferEnd } from "./buffer.js";
import { firstSound } from "./first_sound.js";
import { loadsNoGaps } from "./gap_loading.js";
import { behindGap, passesGaps } from "./gaps.js";
import { settings, wholeSettings } from "./hls_settings.js";
import { KeptWindow } from "./kept_window.js";
import { controllers } from "./last_part.js";
import { LiveEdge } from "./live_edge.js";
import { Patience } from "./patience.js";
import { Sound } from "./sound.js";
import { dateAt, timeAt } from "./timeline.js";
import { TrackSelection } from "./track_selection.js";

const nearEdge = 6000;     // ms from the edge: seeking there is going live, of a young stream to its later half
const windowMargin = 6000; // ms kept from a beginning that is being removed
const windowAge = { live: 30000, whole: 10000 };  // ms between two looks at what is kept…
const endAge = 1000;                              // …while the whole stream has nothing more to show
const shortPause = 5000;   // ms: after it, playing goes on from where it stopped

const stuckLimit = 700;    // ms without a new picture with media at hand: Chromium's decoder, when a discontinuity overlaps its last frame by a
const stuckRetry = 1500;   //   rounding error, waits for the next keyframe; a seek to the spot brings it back
const tooFarBehind = 10;   // s behind the target while playing: playing faster takes too long, jump
const mediaGrace = 5000;   // a second media error within this time needs more than recoverMediaError
const steps = ["MANIFEST_PARSED", "LEVEL_LOADED", "AUDIO_TRACK_LOADED", "FRAG_LOADED", "BUFFER_CODECS", "BUFFER_APPENDED"];  // towards the first picture

export class Playback {
  state = signal("loading");       // loading | playing | paused | buffering | away | ended
  latency = signal(null);          // seconds behind what the publisher sends, as far as the playlist tells
  behind = signal(false);          // far enough from the edge for a go-live button
  absent = signal(false);          // at the live edge, played or paused: the publisher is away
  mode = signal("live");           // live | whole: the short live presentation, or the stream from its first kept segment
  place = signal(null);            // {start, end, at}, wall clock in ms: what is kept of the stream, and what is shown
  epoch = signal(null);            // the stream's beginning, ms
  tracks = new TrackSelection();

  #hls = null;
  #source = { live: "", whole: "", window: "" };
  #kept = new KeptWindow();
  #at = 0;          // ms: where to go on in the whole stream
  #settle = false;  // go exactly there once there is media
  #pausedAt = 0;
  #liveEdge = new LiveEdge();
  #timers = new Set();
  #watch = 0;
  #pacing = 0;
  #lastTime = -1;
  #patience = new Patience();
  #lastUnstuck = 0;
  #lastMediaError = 0;
  #failures = 0;
  #wanted = true;   // the viewer wants it to play

  constructor(video) {
    this.video = video;
    this.native = !window.MediaSource && video.canPlayType("application/vnd.apple.mpegurl") !== "";
    this.sound = new Sound(video);
    this.listeners = {
      playing: () => this.#playing(),
      loadedmetadata: () => this.native && this.#settleNow(),
      pause: () => (this.state.value = this.#wanted && !video.ended ? this.state.value : "paused"),
      waiting: () => this.#waits(),
      seeking: () => this.#liveEdge.forget(),
      ended: () => (this.state.value = "ended"),
      volumechange: () => this.sound.changed(),
      error: () => this.native && this.#later(1000 * Math.min(8, 2 ** this.#failures++), () => this.#start()),
    };
    for (const [name, listener] of Object.entries(this.listeners)) video.addEventListener(name, listener);
  }

  // source: {live, whole, window}, addresses; without `whole` and `window` there is no going back.
  open(source) {
    this.#source = source;
    this.#kept = new KeptWindow(source.window);
    this.mode.value = "live";
    this.place.value = null;
    this.#liveEdge = new LiveEdge();
    this.#patience = new Patience();
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
    this.tracks.detach();
    if (this.native) {
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  #start() {
    this.#stop();
    this.#patience.begin(performance.now());
    this.#lastTime = -1;
    this.tracks.forgetSounds();
    if (this.state.value !== "paused") this.state.value = "loading";
    const whole = this.mode.value === "whole";
    const url = whole ? this.#source.whole : this.#source.live;
    this.#settle = whole;
    if (this.native) {
      this.video.src = url;
      this.#play();
      return;
    }
    const startPosition = whole && this.#kept.known ? Math.max(0, (this.#at - this.#kept.start) / 1000) : -1;
    const usual = Hls.DefaultConfig;
    const mended = loadsNoGaps(usual);
    const config = whole
      ? { ...wholeSettings, startPosition, ...mended, audioStreamController: firstSound(mended.audioStreamController) }
      : { ...settings, ...controllers(mended) };
    const hls = (this.#hls = new Hls({ ...config, errorController: passesGaps(usual.errorController) }));
    this.tracks.attach(hls);
    for (const step of steps) hls.on(Hls.Events[step], (_, { frag, type }) => this.#patience.came(`${step} ${frag?.type ?? type ?? ""}`, performance.now()));
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#play());
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.#settleNow());
    hls.on(Hls.Events.BUFFER_APPENDED, () => this.#arrived());
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && this.#fatal(hls, error));
    hls.attachMedia(this.video);
    hls.loadSource(url);
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

  // In the whole stream: from about the right place to exactly there, or to the first picture behind it where the publisher was away.
  #settleNow() {
    if (!this.#settle) return;
    this.#settle = false;
    const zero = this.video.getStartDate?.().getTime();
    const time = this.native ? (this.#at - (Number.isFinite(zero) ? zero : this.#kept.start ?? this.#at)) / 1000 : this.#mediaAt(this.#at);
    if (time !== null && Math.abs(time - this.video.currentTime) > 0.2) this.video.currentTime = time;
  }

  #mediaAt(date) {
    const time = timeAt(this.#segments(), date);
    return time === null ? null : behindGap(this.#hls, time);
  }

  // There is nothing yet behind a date: the publisher has been away since.
  #isGone(date) {
    const details = this.#hls?.latestLevelDetails;
    const since = awaySince(details);
    return since !== null && date >= (dateAt(details.fragments, since) ?? Infinity);
  }

  #findPlace() {
    const kept = this.#kept;
    kept.read(windowAge[this.mode.value]);
    if (!kept.known) return;
    this.epoch.value = kept.epoch;
    let end = kept.endNow();
    const details = this.#hls?.latestLevelDetails;
    if (this.mode.value === "live" && details?.live) end = dateAt(details.fragments, details.edge) ?? end;
    const date = this.#settle ? this.#at : this.#date();
    if (date === null) return;
    const at = Math.min(date, end);
    if (this.mode.value === "whole" && !this.#settle && this.state.value !== "loading") this.#at = at;
    this.place.value = { start: kept.start, end, at };
  }

  get #over() {
    return this.#kept.ended || (this.mode.value === "whole" && this.#hls?.latestLevelDetails?.live === false);
  }

  // Shows what was on at a date (ms): the live edge when it is near, else the whole stream.
  seekTo(date) {
    const place = this.place.value;
    if (!place || !this.#source.whole) return;
    const near = Math.min(nearEdge, (place.end - place.start) / 2);
    if ((date >= place.end - near || this.#isGone(date)) && !this.#over) return this.goLive();
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

  #fatal(hls, error) {
    if (hls !== this.#hls) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.#lastMediaError > mediaGrace) {
      this.#lastMediaError = performance.now();
      hls.recoverMediaError();
      return;
    }
    const wait = Math.min(8000, 500 * 2 ** this.#failures++);
    const dead = error.type !== Hls.ErrorTypes.NETWORK_ERROR || hls.levels.length === 0;
    if (this.mode.value === "whole") this.#kept.read();  // what it wants may have been removed
    this.#later(wait, () => (dead || this.#failures > 3 ? this.#start() : hls.startLoad(-1)));
  }

  #waits() {
    const late = this.mode.value === "live" && !this.video.seeking && !isAway(this.#hls?.latestLevelDetails);
    if (late && this.state.value === "playing") this.#liveEdge.stalled(performance.now());
    if (this.state.value !== "loading") this.state.value = "buffering";
  }

  #arrived() {
    const end = this.mode.value === "live" ? bufferEnd(this.video) : null;
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
    this.#patience.played();
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
      this.sound.refused();
      this.#play();
    }
  }

  // Twice a second: latency, and whether pictures still come.
  #look() {
    const video = this.video;
    const now = performance.now();
    const moves = video.currentTime !== this.#lastTime || video.paused || this.state.value === "ended";
    this.absent.value = this.mode.value === "live" && isAway(this.#hls?.latestLevelDetails);
    if (!moves && this.mode.value === "whole" && this.#leavesPast(now)) return;
    const { waits, again } = moves ? {} : this.#standsStill(now);
    if (moves) {
      this.#lastTime = video.currentTime;
      this.#patience.moved(now);
    } else if (waits) {
      this.#patience.moved(now);
    } else if (!document.hidden && (again || this.#patience.isOver(now))) {
      this.#start();
      return;
    } else if (!this.native && this.#patience.waited(now) > stuckLimit && now - this.#lastUnstuck > stuckRetry && (bufferEnd(video) ?? 0) - video.currentTime > 0.3) {
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
      if (this.#kept.start > this.#kept.epoch + 1000 && at < start + windowMargin / 3 && !video.paused && !this.#settle) this.seekTo(start);
      return;
    }
    const edge = this.#edge();
    if (edge === null) return;
    this.latency.value = edge.latency;
    this.behind.value = edge.latency > edge.target + 3;
    if (edge.latency > edge.target + tooFarBehind && this.state.value === "playing") this.goLive();
  }

  // Nothing to play: perhaps nothing that starting over would better, as the publisher is away. When it is back, goes on with it.
  #standsStill(now) {
    const details = this.mode.value === "live" ? this.#hls?.latestLevelDetails : null;
    const still = this.state.value === "loading" ? 0 : this.#patience.waited(now);  // the first picture's place is hls.js's to find
    const { waits, away, seek, again } = standsStill(details, this.video.currentTime, still);
    if (away) {
      this.#liveEdge.forget();
      if (this.state.value !== "paused") this.state.value = "away";
    }
    if (seek !== undefined) this.video.currentTime = seek;
    return { waits, again };
  }

  // In the whole stream, at the end of all there is: the stream is over, whatever the video element makes of it, or the publisher is away, which is
  // told at the edge; there it goes on sooner, too. Starting over would find the end again, and of that hls.js shows no picture and tells no end.
  #leavesPast(now) {
    if (this.#settle || this.#patience.waited(now) < longStill) return false;
    const details = this.#hls?.latestLevelDetails;
    const listed = details ? dateAt(details.fragments, details.edge) : null;
    const found = pastEnd(details, this.video.currentTime, listed, this.#kept.known ? this.#kept.end : null);
    if (found === "over") this.state.value = "ended";
    else if (found === "away" && !this.#kept.ended) this.goLive();
    else if (found === "end") this.#kept.read(endAge);
    return found === "over" || this.mode.value === "live";
  }

  #edge() {
    if (this.#hls && this.#hls.levels.length > 0 && this.#hls.latency > 0)
      return { latency: this.#hls.latency, target: this.#hls.targetLatency ?? 3 };
    const seekable = this.video.seekable;
    if (!this.native || seekable.length === 0) return null;
    return { latency: Math.max(0, seekable.end(seekable.length - 1) - this.video.currentTime), target: 6 };
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
}
