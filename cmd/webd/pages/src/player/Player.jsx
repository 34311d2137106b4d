// The player: picture and controls. Keys: space or k pauses, m mutes, f fills the screen, l goes live, left and right move 5 s.
import { useEffect, useRef, useState } from "preact/hooks";

import { duration } from "../lib/format.js";
import { Icon } from "../lib/ui.jsx";
import { QualityMenu, SoundMenu } from "./menus.jsx";
import { Playback } from "./playback.js";
import { SeekBar } from "./SeekBar.jsx";

// source: {live, whole, window, storyboard, poster}, addresses. onMode is told "live" or "whole"; onLive may take over going live (true).
export function Player({ source, title, onEnded, onMode, onLive }) {
  const video = useRef(null);
  const frame = useRef(null);
  const [playback, setPlayback] = useState(null);
  const [full, setFull] = useState(false);
  const [idle, setIdle] = useState(false);
  const idleTimer = useRef(0);

  useEffect(() => {
    const made = new Playback(video.current);
    setPlayback(made);
    const change = () => setFull(document.fullscreenElement === frame.current);
    document.addEventListener("fullscreenchange", change);
    return () => {
      document.removeEventListener("fullscreenchange", change);
      clearTimeout(idleTimer.current);
      made.close();
    };
  }, []);
  useEffect(() => {
    playback?.open(source);
  }, [playback, source.live, source.whole]);
  const mode = playback?.mode.value ?? "live";
  useEffect(() => onMode?.(mode), [mode]);
  const goLive = useRef(null);
  goLive.current = () => onLive?.() || playback.goLive();
  const state = playback?.state.value ?? "loading";
  useEffect(() => {
    if (state === "ended") onEnded?.();
  }, [state]);

  const fill = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (frame.current.requestFullscreen) frame.current.requestFullscreen();
    else video.current.webkitEnterFullscreen?.();
  };
  useEffect(() => {
    if (!playback) return;
    const keys = {
      " ": () => playback.toggle(), k: () => playback.toggle(), m: () => playback.sound.setMuted(!video.current.muted),
      f: fill, l: () => goLive.current(),
      arrowleft: () => playback.seekTo(playback.place.value?.at - 5000), arrowright: () => playback.seekTo(playback.place.value?.at + 5000),
    };
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]),textarea,select,dialog,[role=menu]")) return;
      if (event.key.startsWith("Arrow") && event.target.closest("input")) return;  // of the bar, or the volume's
      if (event.key === " " && event.target.closest("button,a,summary")) return;
      const act = keys[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [playback]);

  const awake = () => {
    setIdle(false);
    clearTimeout(idleTimer.current);
    idleTimer.current = setTimeout(() => setIdle(true), 3000);
  };
  // There is no edge to be near to, or to go to, while the publisher is away.
  const absent = playback?.absent.value;
  const waits = absent || (state === "away" && playback?.mode.value === "live");
  const latency = waits ? null : playback?.latency.value;
  const behind = !waits && (state === "paused" || playback?.behind.value);
  return (
    <section ref={frame} class={`player${idle && state === "playing" ? " idle" : ""}`} aria-label="Video player" onPointerMove={awake} onPointerDown={awake} onFocusIn={awake}>
      <video ref={video} playsinline poster={source.poster} aria-label={title} onClick={(event) => event.pointerType === "mouse" && playback?.toggle()} />
      {(state === "loading" || state === "buffering") && <div class="spinner" role="status"><span class="hidden">Loading the stream</span></div>}
      {(state === "away" || (state === "paused" && absent)) && <p class="away" role="status">The connection to the streamer is interrupted. The stream goes on when they are back.</p>}
      {state === "paused" && (
        <button class="big-play" aria-label="Play" onClick={() => playback.toggle()}><Icon name="play" /></button>
      )}
      {playback?.sound.mutedByBrowser.value && state !== "paused" && (
        <button class="unmute" onClick={() => playback.sound.setMuted(false)}><Icon name="muted" /> Unmute</button>
      )}
      {playback && (
        <div class="controls">
          <SeekBar playback={playback} storyboard={source.storyboard} onLive={() => goLive.current()} />
          {playback.place.value && (
            <button class="control" aria-label="Go to start" title="Go to start" onClick={() => playback.goToStart()}>
              <Icon name="first" />
            </button>
          )}
          <button class="control" aria-label={state === "paused" ? "Play (k)" : "Pause (k)"} title={state === "paused" ? "Play (k)" : "Pause (k)"} onClick={() => playback.toggle()}>
            <Icon name={state === "paused" ? "play" : "pause"} />
          </button>
          <button class="control" aria-label={playback.sound.muted.value ? "Unmute (m)" : "Mute (m)"} title={playback.sound.muted.value ? "Unmute (m)" : "Mute (m)"} onClick={() => playback.sound.setMuted(!playback.sound.muted.value)}>
            <Icon name={playback.sound.muted.value ? "muted" : "sound"} />
          </button>
          <input class="volume" type="range" min="0" max="1" step="0.05" aria-label="Volume" value={playback.sound.muted.value ? 0 : playback.sound.volume.value} onInput={(event) => playback.sound.setVolume(Number(event.target.value))} />
          <button class={`edge${behind ? " behind" : ""}`} title="Go to live (l)" onClick={() => goLive.current()}>
            <span class="dot" />{behind ? "Go live" : "Live"}
          </button>
          {latency != null && state !== "loading" && <span class="latency" title="How far behind the live edge you are watching">{latency < 60 ? `${latency.toFixed(1)} s` : duration(latency * 1000)}</span>}
          <span class="spring" />
          <SoundMenu tracks={playback.tracks} />
          <QualityMenu tracks={playback.tracks} />
          {document.pictureInPictureEnabled && (
            <button class="control wide-only" aria-label="Picture in picture" title="Picture in picture" onClick={() => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.current.requestPictureInPicture().catch(() => {}))}>
              <Icon name="picture" />
            </button>
          )}
          <button class="control" aria-label={full ? "Leave full screen (f)" : "Full screen (f)"} title={full ? "Leave full screen (f)" : "Full screen (f)"} onClick={fill}>
            <Icon name={full ? "unfull" : "full"} />
          </button>
        </div>
      )}
    </section>
  );
}
