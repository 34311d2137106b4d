// Segments that are gaps behind the edge with no discontinuity: of all renditions, as a full disk leaves them, or of one alone, which was lost for a
// while. The playlists are a live stream's, and the gaps are written into them on their way to the page. SLUICE_WEB: webd's address; SLUICE_CHANNEL: a
// live channel with the renditions source and 90p15, and 30 s of media.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";

import { launch, open, until, video } from "./browser.mjs";
import { bar, clickAt, gaps, isAtEdge, media, playsFrom } from "./gap_pages.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name } = process.env;
const browser = await launch();
after(() => browser.close());

// Of a media playlist: the segments from..to are gaps.
function lose(text, from, to) {
  let number = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0);
  return text.split("\n").map((line) => (line && !line.startsWith("#") && number++ >= from && number - 1 <= to ? `#EXT-X-GAP\n${line}` : line)).join("\n");
}

let page = null;
async function openAtEdge(lost, height = "0") {
  page = await open(browser, `${web}/${name}`, undefined, () => performance.setResourceTimingBufferSize(20000));
  await page.evaluate((height) => localStorage.setItem("height", height), height);
  await page.route(/\/whole\.m3u8/, async (route) => {
    const response = await route.fetch();
    const rendition = new URL(route.request().url()).pathname.split("/").at(-2);
    await route.fulfill({ response, body: lost(await response.text(), rendition) });
  });
  await page.reload();
  await until(() => isAtEdge(page), "a picture at the edge", 60);
}
const levels = async () => [...new Set((await media(page)).filter((rendition) => rendition !== "audio"))];
const mark = () => page.evaluate(() => (window.marked = performance.now()));
beforeEach(async () => page?.close());

for (const height of ["0", "180"])
  test(`what a full disk has lost is passed, ${height === "0" ? "automatic" : "chosen"}`, { timeout: 200_000 }, async () => {
    await openAtEdge((text) => lose(lose(text, 3, 4), 6, 6), height);
    const [{ start, end }, second] = await gaps(page);
    await mark();
    await clickAt(page, (start + end) / 2);
    await playsFrom(page, end, "a click into it");
    await mark();
    await clickAt(page, start - 2.5);
    await playsFrom(page, start - 2.5, "what was before it", end - start);
    await until(async () => (await bar(page)).at >= second.end, "what is behind both", 25);
    if (height === "180") assert.deepEqual(await levels(), ["source"]);
    else await until(async () => (await video(page)).width === 320, "the best quality", 20);
    await page.click(".edge");
    await until(() => isAtEdge(page), "the edge");
    assert.deepEqual(page.faults, []);
  });

for (const height of ["0", "180"])
  test(`a level that was lost for a while is left for another, ${height === "0" ? "automatic" : "chosen"}`, { timeout: 200_000 }, async () => {
    await openAtEdge((text, rendition) => (rendition === "source" ? lose(text, 2, 8) : text), height);
    const [{ start, end }] = await gaps(page);
    await mark();
    await clickAt(page, (start + end) / 2);
    await playsFrom(page, (start + end) / 2, "a click into it");
    assert.ok((await bar(page)).at < end - 2, "nothing is passed");
    assert.equal((await video(page)).width, 160);
    await page.click(".edge");
    await until(() => isAtEdge(page), "the edge");
    assert.deepEqual(page.faults, []);
  });
