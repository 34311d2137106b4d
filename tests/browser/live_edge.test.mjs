// The page's place near the live edge, as a simulation over a made-up clock: parts arrive, time is played.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// The page's modules are bundled, not served: this one needs nothing from the others.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/live_edge.js", import.meta.url), "utf8");
const { LiveEdge } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const tick = 100;  // ms between two looks, as the page's

// A viewer of parts of `part` s that starts `behind` s behind the first arrival's end. late(n): seconds that part n comes late.
function viewer(part, behind, late = () => 0) {
  const edge = new LiveEdge();
  const it = { edge, now: 5000, time: 100 - behind, end: 100, parts: 0, pace: 1, stalls: 0, standing: false, least: Infinity, paces: [] };
  const first = it.now;
  edge.arrived(it.now, it.end);
  it.run = (seconds) => {
    it.least = Infinity;
    for (const until = it.now + seconds * 1000; it.now < until; it.now += 10) {
      while (first + (it.parts + 1) * part * 1000 + late(it.parts) * 1000 <= it.now) {
        it.parts += 1;
        it.end += part;
        edge.arrived(it.now, it.end);
      }
      const step = Math.min(0.01 * it.pace, it.end - it.time);
      if (step < 1e-9 && !it.standing) {
        it.stalls += 1;
        edge.stalled(it.now);
      }
      it.standing = step < 1e-9;
      it.time += step;
      it.least = Math.min(it.least, it.end - it.time);
      if (it.now % tick === 0) {
        edge.arrived(it.now, it.end);
        it.pace = edge.pace(it.now, it.time, part);
        it.paces.push(it.pace);
      }
    }
    return it;
  };
  it.behind = () => 100 + (it.now - first) / 1000 - it.time;  // of what a perfect path would have brought
  return it;
}

test("comes as near as the margin, and then plays at its own pace", () => {
  for (const [part, margin] of [[0.2, 0.15], [0.5, 0.25], [1, 0.5]]) {
    const it = viewer(part, 3 * part).run(20);
    assert.equal(it.stalls, 0);
    it.paces = [];
    it.run(10);
    assert.ok(it.least > margin - 0.05 && it.least < margin + 0.1, `parts of ${part} s: ${it.least} s at the least`);
    assert.deepEqual([...new Set(it.paces)], [1]);
  }
});

test("is quick, but not hurried, when it begins far behind", () => {
  const it = viewer(0.5, 5).run(20);
  assert.ok(it.behind() < 1.0, `${it.behind()} s`);
  assert.ok(it.paces.every((pace) => pace >= 1 && pace <= 1.25));
});

test("keeps away as far as arrivals are uneven", () => {
  const it = viewer(0.2, 2, (n) => (n % 40 === 0 ? 0.45 : 0)).run(40);  // every 8 s a part is late
  assert.equal(it.stalls, 0);
  it.run(20);
  assert.equal(it.stalls, 0);
  assert.ok(it.least > 0.05 && it.least < 0.3, `${it.least} s`);
});

test("plays slower when arrivals have become late, before anything stands still", () => {
  let late = 0;
  const it = viewer(0.5, 1.5, () => late).run(20);
  late = 0.2;  // less than the margin: a longer path from here on
  it.paces = [];
  it.run(10);
  assert.equal(it.stalls, 0);
  assert.ok(Math.min(...it.paces) === 0.95 || Math.min(...it.paces) === 0.9);
  assert.ok(it.run(5).least > 0.2);
});

test("a stall moves it away, and calm brings it back", () => {
  let late = 0;
  const it = viewer(0.2, 0.6, () => late).run(15);
  const near = it.behind();
  late = 2;
  it.run(3);
  assert.equal(it.stalls, 1);
  late = 0;
  it.run(5);
  assert.ok(it.behind() > near + 1);
  it.run(60);
  assert.ok(it.behind() < near + 0.1, `${it.behind()} s, ${near} s before`);
  assert.equal(it.stalls, 1);
});

test("a place that proves too near is tried again less and less often", () => {
  // Stalls that arrivals do not explain: a browser that needs more ahead than the margin.
  const it = viewer(0.2, 0.6);
  const tries = [];
  for (let look = 0; look < 3000; ++look) {
    it.run(0.1);
    if (it.end - it.time < 0.2 && it.now - (tries.at(-1) ?? -Infinity) > 5000) {
      tries.push(it.now);
      it.edge.stalled(it.now);
    }
  }
  const waits = tries.slice(1).map((at, index) => at - tries[index]);
  assert.ok(tries.length >= 3, `${tries.length} tries`);
  assert.ok(waits.at(-1) > 1.8 * waits[0], waits.join(" "));
});

test("what was known before a seek is forgotten", () => {
  let late = 0;
  const it = viewer(0.5, 1.5, () => late).run(15);
  late = 3;
  it.run(5);
  late = 0;
  it.run(1);
  it.time = it.end - 1.5;
  it.edge.forget();
  it.paces = [];
  it.run(5);
  assert.ok(Math.min(...it.paces) === 1, "it plays slower for what was late before");
});
