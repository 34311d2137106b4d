// A stream of which only the last 40 s are kept: its oldest part is watched while it is removed. SLUICE_WEB, SLUICE_CHANNEL,
// SLUICE_PUBLISH as in seekable.mjs.
import assert from "node:assert/strict";
import test from "node:test";

import { assertSound, until, video } from "./browser.mjs";
import { page, seconds } from "./seekable.mjs";

// {at, end} since the stream began, {start} of what is kept, seconds.
const bar = (page) =>
  page.evaluate(() => {
    const input = document.querySelector(".seek input");
    return input && { text: input.getAttribute("aria-valuetext"), length: Number(input.max) };
  }).then((found) => {
    if (!found) return null;
    const times = found.text.match(/\d[\d:]*:\d\d/g).map(seconds);
    const end = found.text.startsWith("Live") ? times[0] : times[1];
    return { at: times[0], end, start: end - found.length };
  });
const advances = async (page, by, what) => {
  const before = await video(page);
  return until(async () => (await video(page)).time > before.time + by, what);
};

test("the start of a stream whose start is gone is the oldest that is kept", { timeout: 300_000 }, async () => {
  await until(async () => (await bar(page))?.start > 12, "a beginning that has gone", 120);
  await page.click("[aria-label='Go to start']");
  const now = await until(async () => { const now = await bar(page); return now.at < now.end - 20 && (await video(page)).ready >= 2 && now; }, "the oldest");
  assert.ok(now.at >= now.start - 1, JSON.stringify(now));
  await advances(page, 15, "15 s of the oldest while it is removed");
  assertSound(page);
});

test("what was removed in a pause is skipped, and it plays on", { timeout: 300_000 }, async () => {
  await page.keyboard.press("k");
  await until(async () => (await video(page)).paused, "a pause");
  await until(async () => { const now = await bar(page); return now.start > now.at + 3; }, "the pause's picture removed", 90);
  await page.keyboard.press("k");
  await until(async () => { const now = await bar(page); return now.at > now.start && !(await video(page)).paused; }, "a place that is kept");
  await advances(page, 5, "the picture after it");
  const now = await bar(page);
  assert.ok(now.at < now.end - 8, "still in the past");
  assertSound(page);
});
