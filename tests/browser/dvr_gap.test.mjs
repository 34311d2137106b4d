// Going back over a gap in a live stream with more levels than one: the quality behind it is as before it. SLUICE_WEB: webd's address;
// SLUICE_CHANNEL: a channel whose live stream was away for a while and goes on; SLUICE_GAP: the number of the last segment that is a gap.
import assert from "node:assert/strict";
import test from "node:test";

import { launch, open, until, video } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_GAP: gap } = process.env;

// Of the whole stream's segments that the page has fetched, those behind the gap: ["source", 9].
const behindTheGap = (page) =>
  page.evaluate(() => performance.getEntriesByType("resource").filter(({ startTime }) => startTime > window.wentBack).map(({ name }) => name)).then((names) =>
    names.map((each) => /([^/]+)\/(\d+)\.m4s/.exec(each)).filter((found) => found && Number(found[2]) > Number(gap)).map(([, level, number]) => [level, Number(number)]));

for (const chosen of ["automatic", "chosen"])
  test(`behind a gap is the quality that was before it, ${chosen}`, { timeout: 120_000 }, async () => {
    const browser = await launch();
    try {
      const page = await open(browser, `${web}/${name}`, undefined, () => performance.setResourceTimingBufferSize(5000));
      if (chosen === "chosen") {
        await page.evaluate(() => localStorage.setItem("height", "180"));
        await page.reload();
      }
      await until(async () => (await video(page))?.time > 0.5, "a picture at the edge", 60);
      await page.waitForSelector("[aria-label='Go to start']");
      await page.evaluate(() => (window.wentBack = performance.now()));
      await page.click("[aria-label='Go to start']");
      const fetched = await until(async () => {
        const all = (await behindTheGap(page)).filter(([level]) => level !== "audio");
        return all.length >= 4 && all;
      }, "pictures from behind the gap", 60);
      assert.deepEqual(fetched.filter(([level]) => level !== "source"), [], JSON.stringify(fetched));
      assert.deepEqual(page.faults, []);
    } finally {
      await browser.close();
    }
  });
