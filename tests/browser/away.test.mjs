// A page that is opened while the publisher is away. SLUICE_WEB: webd's address; SLUICE_CHANNEL: the channel of such a stream.
import assert from "node:assert/strict";
import test from "node:test";

import { launch, open } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name } = process.env;

test("it says so, and neither how far behind it is nor that there is an edge to go to", { timeout: 120_000 }, async () => {
  const browser = await launch();
  try {
    const page = await open(browser, `${web}/${name}`);
    await page.waitForSelector(".player .away");
    const shown = await page.evaluate(() => ({ edge: document.querySelector(".edge").textContent, latency: document.querySelector(".latency")?.textContent }));
    assert.deepEqual(shown, { edge: "Live", latency: undefined });
    assert.deepEqual(page.faults, []);
  } finally {
    await browser.close();
  }
});
