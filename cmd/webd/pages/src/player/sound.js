// Sound: how loud, kept for the next visit; muted where the browser plays nothing else before a click.
import { signal } from "@preact/signals";

export class Sound {
  muted = signal(false);
  volume = signal(1);
  mutedByBrowser = signal(false);  // autoplay with sound was refused

  constructor(video) {
    this.video = video;
    const stored = Number(localStorage.getItem("volume") ?? 1);
    video.volume = this.volume.value = Number.isFinite(stored) ? Math.min(1, Math.max(0, stored)) : 1;
    video.muted = this.muted.value = localStorage.getItem("muted") === "true";
  }

  refused() {
    this.mutedByBrowser.value = true;
    this.video.muted = true;
  }

  // At the element's `volumechange`.
  changed() {
    this.muted.value = this.video.muted;
    this.volume.value = this.video.volume;
    if (!this.video.muted) this.mutedByBrowser.value = false;
    if (this.mutedByBrowser.value) return;  // not the viewer's own choice
    localStorage.setItem("muted", String(this.video.muted));
    localStorage.setItem("volume", String(this.video.volume));
  }

  setMuted(muted) {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }
  setVolume(volume) {
    this.video.volume = volume;
    this.video.muted = volume === 0;
  }
}
