// When the player starts over because no picture comes, over a made-up clock.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// The pages' sources are modules by their own package.json; read as text, the test needs none of their packages.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/patience.js", import.meta.url), "utf8");
const { Patience } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

// When a player starts over within so many seconds, looking twice a second. arrivals(ms since it last started): what has just come.
function restarts(patience, seconds, arrivals = () => []) {
  const times = [];
  let begun = 0;
  patience.begin(0);
  for (let now = 0; now < seconds * 1000; now += 100) {
    for (const step of arrivals(now - begun)) step === "picture" ? (patience.moved(now), patience.played()) : patience.came(step, now);
    if (now % 500 || !patience.isOver(now)) continue;
    times.push(now / 1000);
    begun = now;
    patience.begin(now);
  }
  return times;
}

test("nothing that comes is waited for longer each time, up to a limit", () => {
  assert.deepEqual(restarts(new Patience(), 150), [8.5, 25, 57.5, 90, 122.5]);
});

test("a first picture that takes long, a step at a time, is waited for", () => {
  const slow = (since) => ({ 3000: ["playlist"], 9000: ["media"], 16_000: ["picture"] })[since] ?? (since > 16_000 ? ["picture"] : []);
  assert.deepEqual(restarts(new Patience(), 60, slow), []);
});

test("and one that takes longer than that, with one vain start", () => {
  const slower = (since) => (since >= 13_000 ? ["picture"] : []);
  assert.deepEqual(restarts(new Patience(), 60, slower), [8.5]);
});

test("playlists that come for ever are no reason to wait for ever", () => {
  const times = restarts(new Patience(), 30, (since) => (since % 500 === 0 ? ["playlist"] : []));
  assert.equal(times[0], 8.5);
});

test("a picture that stands still is waited for as long as at first, whatever was before", () => {
  const patience = new Patience();
  assert.equal(restarts(patience, 60).length, 3);
  patience.played();
  assert.equal(restarts(patience, 20, (since) => (since < 5000 ? ["picture"] : []))[0], 13);
});

test("it tells how long nothing came", () => {
  const patience = new Patience();
  patience.begin(100);
  assert.equal(patience.waited(900), 800);
  patience.moved(1000);
  assert.equal(patience.waited(1700), 700);
});
