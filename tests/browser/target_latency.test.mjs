// How far behind the live edge the player plays after the picture stood still.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// The pages' sources are modules by their own package.json; read as text, the test needs none of their packages.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/target_latency.js", import.meta.url), "utf8");
const { TargetLatency } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const holdBack = 1.5, most = 2;

test("plays at the hold-back, and follows it", () => {
  const target = new TargetLatency();
  assert.equal(target.at(0, holdBack), 1.5);
  assert.equal(target.at(60_000, 0.6), 0.6);
});

test("each stall moves away by half a second, up to the limit", () => {
  const target = new TargetLatency();
  const seen = [1, 2, 3, 4, 5, 6].map((second) => {
    target.stalled(second * 1000, most);
    return target.at(second * 1000, holdBack);
  });
  assert.deepEqual(seen, [2, 2.5, 3, 3.5, 3.5, 3.5]);
});

test("comes back half a second for every ten quiet ones", () => {
  const target = new TargetLatency();
  target.stalled(0, most);
  target.stalled(1000, most);
  assert.equal(target.at(10_999, holdBack), 2.5);
  assert.equal(target.at(11_000, holdBack), 2);
  assert.equal(target.at(20_999, holdBack), 2);
  assert.equal(target.at(21_000, holdBack), 1.5);
  assert.equal(target.at(500_000, holdBack), 1.5);
});

test("a place that proved too near is tried again after twice the time", () => {
  const target = new TargetLatency();
  let now = 0;
  const waits = [];
  for (let round = 0; round < 7; ++round) {
    target.stalled(now, most);
    const from = now;
    while (target.at(now, holdBack) > holdBack) now += 500;
    waits.push((now - from) / 1000);
    now += 1000;
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300]);
});

test("a stall long after the step forward is no proof against it", () => {
  const target = new TargetLatency();
  target.stalled(0, most);
  target.at(10_000, holdBack);
  target.stalled(100_000, most);
  assert.equal(target.at(109_999, holdBack), 2);
  assert.equal(target.at(110_000, holdBack), 1.5);
});
