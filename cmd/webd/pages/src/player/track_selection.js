// TrackSelection: the qualities and audio tracks that there are, which play, and which the viewer has chosen. State is in signals.
import { signal } from "@preact/signals";
import Hls from "hls.js";
import { choices, sounds } from "./levels.js";

export class TrackSelection {
  levels = signal([]);             // [{index,label}], best first
  chosen = signal(-1);             // -1: automatic
  current = signal(-1);            // the level that plays
  sounds = signal([]);             // [{index,label}], the publisher's audio tracks
  heard = signal(-1);              // the one that plays

  #hls = null;
  #hears = "";      // the name of the audio track that was asked for: of this channel, so for as long as it is watched

  // Of an hls.js that has loaded nothing yet; its quality is the one that was chosen last, on any channel.
  attach(hls) {
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.levels.value = choices(hls.levels);
      const kept = Number(localStorage.getItem("height"));
      const level = kept > 0 ? hls.levels.findIndex((each) => each.height === kept) : -1;
      this.choose(level, false);
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => (this.current.value = level));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => this.#found(audioTracks));
    hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_, { id }) => (this.heard.value = id));
  }

  // That hls.js is no more.
  detach() {
    this.#hls = null;
  }

  // Nothing is known of the audio tracks of what is loaded next.
  forgetSounds() {
    this.sounds.value = [];
  }

  // The whole stream's playlists have the same tracks, and a track may come late.
  #found(tracks) {
    this.sounds.value = sounds(tracks);
    const index = tracks.findIndex((track) => track.name === this.#hears);
    if (index >= 0 && index !== this.#hls.audioTrack) this.#hls.audioTrack = index;
    this.heard.value = index >= 0 ? index : this.#hls.audioTrack;
  }

  hear(index) {
    this.heard.value = index;
    this.#hears = this.sounds.value[index]?.name ?? "";
    if (this.#hls) this.#hls.audioTrack = index;
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
