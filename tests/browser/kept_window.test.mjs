// What the page knows of a stream's kept part, over made-up answers and a made-up clock.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// The pages' sources are modules by their own package.json; read as text, the test needs none of their packages.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/kept_window.js", import.meta.url), "utf8");
const { KeptWindow } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const told = { epoch: "2026-01-01T00:00:00Z", start: "2026-01-01T00:00:10Z", end: "2026-01-01T00:00:40Z", ended: false };

// The seconds in which it asks, of those that it is looked at twice a second; answers(n): what the n-th asking gives, null being no answer.
async function asks(t, seconds, answers) {
  let now = 0;
  const times = [];
  t.mock.method(performance, "now", () => now);
  t.mock.method(globalThis, "fetch", async () => {
    const answer = answers(times.push(now / 1000) - 1);
    if (answer === null) throw new TypeError("Failed to fetch");
    return { ok: answer !== 404, json: async () => answer };
  });
  const kept = new KeptWindow("http://origin/window.json");
  for (; now < seconds * 1000; now += 500) await kept.read(30_000);
  return { kept, times };
}

test("what is known is read again when it is old", async (t) => {
  const { kept, times } = await asks(t, 70, () => told);
  assert.deepEqual(times, [0, 30, 60]);
  assert.equal(kept.start, Date.parse(told.start));
});

test("a stream that is not known yet is asked for soon again, and less and less often", async (t) => {
  for (const missing of [404, null]) {
    assert.deepEqual((await asks(t, 120, () => missing)).times, [0, 1, 3, 7, 15, 31, 61, 91]);
    t.mock.restoreAll();
  }
});

test("once it is known it is not asked for more often", async (t) => {
  const { kept, times } = await asks(t, 40, (n) => (n < 2 ? 404 : told));
  assert.deepEqual(times, [0, 1, 3, 33]);
  assert.ok(kept.known);
});
