// The start of a live stream that was cut and goes on: in front of a discontinuity, with more levels than one. SLUICE_WEB: webd's address;
// SLUICE_CHANNEL: such a stream's channel; SLUICE_MEDIA, where it is told: the host and port that the start's media comes from.
import assert from "node:assert/strict";
import test from "node:test";

import { launch, open, until, video } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_MEDIA: media } = process.env;

test("go to start plays what was before the cut", { timeout: 120_000 }, async () => {
  const browser = await launch();
  try {
    const page = await open(browser, `${web}/${name}`);
    await until(async () => (await video(page))?.time > 0.5, "a picture at the edge", 60);
    await page.waitForSelector("[aria-label='Go to start']");
    await page.click("[aria-label='Go to start']");
    const behind = () => page.evaluate(() => document.querySelector(".seek input")?.getAttribute("aria-valuetext").includes("behind live"));
    await until(async () => (await behind()) && (await video(page))?.ready >= 2 && (await video(page)).time > 1, "a picture of the start", 15);
    assert.ok((await video(page)).time < 9, "what plays is the start");
    const hosts = () => performance.getEntriesByType("resource").filter((entry) => entry.name.includes(".m4s")).map((entry) => new URL(entry.name).host);
    if (media) assert.ok((await page.evaluate(hosts)).includes(media), "the start's media is elsewhere");
    assert.deepEqual(page.faults, []);
  } finally {
    await browser.close();
  }
});
