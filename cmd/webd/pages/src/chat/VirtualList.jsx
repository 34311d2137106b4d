// VirtualList: a long list of which only what can be seen is in the document. Heights are measured as rows appear. It
// stays at the newest row until the reader scrolls away, and then keeps in place what is being read, also when pictures come in late.
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

const guess = 30;      // px, of a row never measured
const beyond = 400;    // px kept above and below what is seen
const sticky = 40;     // px from the end that still count as the end

export function VirtualList({ items, row, label, empty }) {
  const box = useRef(null);
  const heights = useRef(new Map());
  const anchor = useRef(null);   // {id, offset}: the row at the top of the view
  const [view, setView] = useState({ top: 0, height: 600 });
  const [atEnd, setAtEnd] = useState(true);
  const lastSeen = useRef(null);
  const ours = useRef(-1);       // where the list itself scrolled to, and the reader has not since
  const [, measured] = useReducer((n) => n + 1, 0);

  const heightOf = (item) => heights.current.get(item.id) ?? guess;
  const tops = [0];
  for (const item of items) tops.push(tops[tops.length - 1] + heightOf(item));
  const total = tops[items.length];
  const top = atEnd ? Math.max(0, total - view.height) : view.top;
  let first = 0;
  while (first < items.length && tops[first + 1] < top - beyond) ++first;
  let last = first;
  while (last < items.length && tops[last] < top + view.height + beyond) ++last;

  const remember = (scrollTop) => {
    let at = 0;
    while (at < items.length - 1 && tops[at + 1] <= scrollTop) ++at;
    anchor.current = items.length > 0 ? { id: items[at].id, offset: scrollTop - tops[at] } : null;
  };
  const scrolled = () => {
    const element = box.current;
    setView({ top: element.scrollTop, height: element.clientHeight });
    const end = element.scrollHeight - element.scrollTop - element.clientHeight < sticky;
    // It is told of its own scrolling late: rows may have grown since, and nobody scrolled away.
    if (!end && Math.abs(element.scrollTop - ours.current) < 1) return;
    ours.current = -1;
    remember(element.scrollTop);
    setAtEnd(end);
    if (end) lastSeen.current = items[items.length - 1]?.id;
  };

  // After every rendering: measure what is shown, then put the view back where it belongs.
  useLayoutEffect(() => {
    const element = box.current;
    let changed = false;
    for (const child of element.querySelectorAll("[data-row]")) {
      const height = child.getBoundingClientRect().height;
      if (heights.current.get(child.dataset.row) !== height) {
        heights.current.set(child.dataset.row, height);
        changed = true;
      }
    }
    if (heights.current.size > 2 * items.length + 200) {
      const alive = new Set(items.map((item) => item.id));
      for (const id of heights.current.keys()) if (!alive.has(id)) heights.current.delete(id);
    }
    if (atEnd) {
      element.scrollTop = element.scrollHeight;
      ours.current = element.scrollTop;
      lastSeen.current = items[items.length - 1]?.id;
    } else if (anchor.current) {
      const at = items.findIndex((item) => item.id === anchor.current.id);
      const wanted = at < 0 ? 0 : items.slice(0, at).reduce((sum, item) => sum + heightOf(item), 0) + anchor.current.offset;
      if (Math.abs(element.scrollTop - wanted) > 1) {
        element.scrollTop = wanted;
        ours.current = element.scrollTop;
      }
    }
    if (changed) measured();
  });

  useEffect(() => {
    const resized = new ResizeObserver(([entry]) => {
      const height = Math.round(entry.contentRect.height);
      setView((before) => (before.height === height ? before : { ...before, height }));
    });
    resized.observe(box.current);
    return () => resized.disconnect();
  }, []);

  const seenAt = items.findIndex((item) => item.id === lastSeen.current);
  const unread = atEnd ? 0 : items.length - 1 - seenAt;
  return (
    <div class="list-frame">
      <div ref={box} class="list" role="log" aria-live="polite" aria-relevant="additions" aria-label={label} tabIndex={0} onScroll={scrolled}
        onLoadCapture={measured} onErrorCapture={measured}>
        {items.length === 0 && empty}
        <div style={{ height: `${tops[first]}px` }} />
        {items.slice(first, last).map((item) => <div key={item.id} data-row={item.id}>{row(item)}</div>)}
        <div style={{ height: `${total - tops[last]}px` }} />
      </div>
      {!atEnd && (
        <button class="newest" onClick={() => setAtEnd(true)}>
          {unread > 0 ? `${unread} new ${unread === 1 ? "message" : "messages"}` : "Newest messages"}
        </button>
      )}
    </div>
  );
}
