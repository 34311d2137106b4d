// What the viewer may choose from: qualities, and, where there is more than one, sounds.
import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../lib/ui.jsx";

// rows: [{index, label}], labels may be markup. `now` stands on the button.
function Menu({ label, icon, now, rows, chosen, choose }) {
  const [open, setOpen] = useState(false);
  const menu = useRef(null);
  const button = useRef(null);
  useEffect(() => {
    if (!open) return;
    (menu.current.querySelector("[aria-checked=true]") ?? menu.current.querySelector("button"))?.focus();
    const leave = (event) => !menu.current.contains(event.target) && !button.current.contains(event.target) && setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [open]);
  const take = (index) => {
    choose(index);
    setOpen(false);
    button.current.focus();
  };
  const move = (event) => {
    const items = [...menu.current.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(at + step + items.length) % items.length].focus();
    if (event.key === "Escape") {
      setOpen(false);
      button.current.focus();
    }
    if (step || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div class="choice">
      <button ref={button} class="control" aria-haspopup="menu" aria-expanded={open} aria-label={label} title={label} onClick={() => setOpen(!open)}>
        <Icon name={icon} /><span class="choice-now">{now}</span>
      </button>
      {open && (
        <div ref={menu} class="menu" role="menu" aria-label={label} onKeyDown={move}>
          {rows.map((row) => (
            <button key={row.index} role="menuitemradio" aria-checked={chosen === row.index} onClick={() => take(row.index)}>{row.label}</button>
          ))}
        </div>
      )}
    </div>
  );
}

// tracks: a TrackSelection.
export function QualityMenu({ tracks }) {
  const levels = tracks.levels.value;
  if (levels.length === 0) return null;
  const chosen = tracks.chosen.value;
  const playing = levels.find((level) => level.index === tracks.current.value);
  const automatic = { index: -1, label: <>Auto{chosen < 0 && playing ? <small> {playing.label}</small> : null}</> };
  return <Menu label="Quality" icon="gear" now={chosen < 0 ? "Auto" : playing?.label} rows={[automatic, ...levels]} chosen={chosen} choose={(index) => tracks.choose(index)} />;
}

export function SoundMenu({ tracks }) {
  const sounds = tracks.sounds.value;
  if (sounds.length < 2) return null;
  const heard = tracks.heard.value;
  return <Menu label="Audio track" icon="tracks" now={sounds.find((sound) => sound.index === heard)?.label} rows={sounds} chosen={heard} choose={(index) => tracks.hear(index)} />;
}
