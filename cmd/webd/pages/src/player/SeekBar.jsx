// The seek bar: the whole of what is kept of the stream, from its first segment to the live edge. Arrows move 5 s, Page keys a minute,
// Home goes to the start, End live. Hovering or dragging shows the storyboard's picture and the time.
import { useEffect, useRef, useState } from "preact/hooks";

import { duration } from "../lib/format.js";
import { Storyboard } from "./storyboard.js";

const steps = { ArrowLeft: -5000, ArrowDown: -5000, ArrowRight: 5000, ArrowUp: 5000, PageDown: -60000, PageUp: 60000 };
const thumb = 14;  // px, of the range's knob: its middle never reaches the bar's ends

export function SeekBar({ playback, storyboard, onLive }) {
  const bar = useRef(null);
  const board = useRef(null);
  const [drag, setDrag] = useState(null);     // {start, end, date} while a finger or the mouse holds the knob
  const [hover, setHover] = useState(null);   // {date, x}
  const [, redraw] = useState(0);
  useEffect(() => {
    board.current = storyboard ? new Storyboard(storyboard) : null;
  }, [storyboard]);

  const place = playback.place.value;
  if (!place || place.end - place.start < 1000) return null;
  const { start, end } = drag ?? place;
  const date = drag?.date ?? place.at;
  const live = playback.mode.value === "live";
  const shown = drag ? { date: drag.date, x: ((drag.date - start) / (end - start)) * 100 } : hover;
  const epoch = playback.epoch.value ?? start;
  const since = (shown?.date ?? 0) - epoch;
  const cue = shown && board.current?.at(since / 1000);
  if (shown) board.current?.reach(since / 1000).then((news) => news && redraw((n) => n + 1));

  const point = (event) => {
    if (event.pointerType === "touch") return;
    const box = bar.current.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left - thumb / 2) / (box.width - thumb)));
    setHover({ date: start + share * (end - start), x: share * 100 });
  };
  const press = (event) => {
    const step = steps[event.key];
    if (step) playback.seekTo(place.at + step);
    else if (event.key === "Home") playback.seekTo(place.start);
    else if (event.key === "End") onLive();
    else return;
    event.preventDefault();
  };
  const hold = (event) => setDrag({ start, end, date: start + Number(event.target.value) * 1000 });
  const drop = (event) => {
    playback.seekTo(start + Number(event.target.value) * 1000);
    setDrag(null);
  };
  const behind = Math.max(0, place.end - date);
  return (
    <div class="seek">
      {shown && (
        <div class="preview" style={{ left: `clamp(84px, ${shown.x}%, calc(100% - 84px))` }} aria-hidden="true">
          {cue && (
            <span class="tile" style={{ width: `${cue.width}px`, height: `${cue.height}px` }}>
              <img src={cue.url} alt="" style={{ left: `${-cue.x}px`, top: `${-cue.y}px` }} />
            </span>
          )}
          <span class="preview-time">{duration(since)}</span>
        </div>
      )}
      <input ref={bar} type="range" min="0" max={(end - start) / 1000} step="any" value={Math.min(date - start, end - start) / 1000}
        style={{ "--played": `${(Math.min(1, (date - start) / (end - start)) * 100).toFixed(2)}%` }}
        aria-label="Seek" aria-valuetext={live ? `Live, ${duration(end - epoch)} since the stream began` : `${duration(date - epoch)} of ${duration(end - epoch)}, ${duration(behind)} behind live`}
        onPointerMove={point} onPointerLeave={() => setHover(null)} onKeyDown={press} onInput={hold} onChange={drop} />
    </div>
  );
}
