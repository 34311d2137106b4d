// What every page shares: header, avatar, icons, the error boundary.
import { Component } from "preact";

import { hueOf } from "./format.js";

const paths = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 4.5h4.5v15H6zM13.5 4.5H18v15h-4.5z",
  first: "M6 5v14M19 5L9.5 12l9.5 7z",
  sound: "M4 9v6h4l5 4.5v-15L8 9zM16 8a5 5 0 0 1 0 8M18.5 5a9 9 0 0 1 0 14",
  muted: "M4 9v6h4l5 4.5v-15L8 9zM16.5 9.5l5 5M21.5 9.5l-5 5",
  tracks: "M4 10v4M8 6.5v11M12 9v6M16 4.5v15M20 9.5v5",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.8v4.4M8 14.8v4.4",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  unfull: "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5",
  picture: "M3.5 5.5h17v13h-17zM12.5 12h5v4h-5z",
  send: "M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v13M6.5 12.5L12 18l5.5-5.5",
  retry: "M4.5 12a7.5 7.5 0 1 1 2.2 5.3M4.5 19v-4.5H9",
};
const filled = new Set(["play", "pause"]);

export const Icon = ({ name }) => (
  <svg class={filled.has(name) ? "icon filled" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);

export function Avatar({ name, display, live, large }) {
  const hue = hueOf(name);
  const style = { "--hue": String(hue) };
  return (
    <span class={`avatar${live ? " live" : ""}${large ? " large" : ""}`} style={style} aria-hidden="true">
      <span>{([...(display || name)][0] ?? "?").toUpperCase()}</span>
    </span>
  );
}

export const Header = ({ children }) => (
  <header class="top">
    <a class="brand" href="/">
      <img src="/favicon.svg" alt="" width="28" height="28" />
      <span>Sluice</span>
    </a>
    <nav aria-label="Site">
      <a href="/" aria-current={location.pathname === "/" ? "page" : undefined}>Live now</a>
    </nav>
    <div class="top-end">{children}</div>
  </header>
);

export class Boundary extends Component {
  state = { error: null };
  static getDerivedStateFromError(error) {
    return { error };
  }
  componentDidCatch(error) {
    console.error(error);
  }
  render() {
    if (!this.state.error) return this.props.children;
    return (
      <div class="broken" role="alert">
        <p>{this.props.what ?? "This part of the page"} has stopped working.</p>
        <button class="button" onClick={() => this.setState({ error: null })}>Try again</button>
      </div>
    );
  }
}
