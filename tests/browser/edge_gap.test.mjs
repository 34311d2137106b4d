// A publisher that is away twice while its page is at the live edge, and then clicks on the bar from there into what it left out.
// SLUICE_WEB, SLUICE_CHANNEL, SLUICE_PUBLISH as in seekable.mjs; SLUICE_RUNGS: the video renditions, best first, "source 120p15".
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";

import { launch, open, until, video } from "./browser.mjs";
import { bar, clickAt, gaps, isAtEdge, media, playsFrom } from "./gap_pages.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_PUBLISH: target, SLUICE_RUNGS } = process.env;
const rungs = SLUICE_RUNGS.split(" ");
const middle = rungs[1];

const publish = () =>
  spawn("ffmpeg", ["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=sample_rate=48000",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "250k", "-maxrate", "250k", "-bufsize", "250k", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", target], { stdio: "inherit" });
let publisher = publish();
const browser = await launch();
after(async () => {
  publisher.kill("SIGKILL");
  await browser.close();
});
const openPage = () => open(browser, `${web}/${name}`, undefined, () => performance.setResourceTimingBufferSize(20000));

const page = await openPage();
const pages = [page];
if (middle) {
  const chosen = await openPage();
  await chosen.evaluate((height) => localStorage.setItem("height", height), String(parseInt(middle)));
  await chosen.reload();
  pages.push(chosen);
}
const advances = async (page, what) => {
  const from = (await video(page))?.time ?? 0;
  await until(async () => { const now = await video(page); return now?.ready >= 2 && now.time > from + 1; }, what, 60);
};
const away = (page) => page.evaluate(() => !!document.querySelector(".player .away"));
// What the page has fetched of the picture since it was marked.
const mark = (page) => page.evaluate(() => (window.marked = performance.now()));
const pictures = async (page) => (await media(page)).filter((rendition) => rendition !== "audio");

// While the publisher is away so long, it and the pages wait; then both go on.
async function gap(ms) {
  publisher.kill("SIGKILL");
  for (const each of pages) await until(() => away(each), "a page that says so", 30);
  await new Promise((done) => setTimeout(done, ms));
  if (ms > 8000) {
    await clickAt(page, (await bar(page)).length - 7);
    await new Promise((done) => setTimeout(done, 1000));
    assert.ok((await bar(page)).live, "a click to where there is nothing yet is one to the edge");
    await until(() => away(page), "the page still says so", 10);
  }
  for (const each of pages) await mark(each);
  publisher = publish();
  for (const each of pages) await until(async () => !(await away(each)), "the publisher back", 30);
  for (const each of pages) await advances(each, "the picture behind the gap");
}

// The shorter one, too, is longer than what a segment of 2 s may have left: there is a gap segment, and not only parts of one, to be clicked at.
for (const ms of [1500, 8500])
  test(`at the edge, the quality behind a gap is as it was before (${ms} ms)`, { timeout: 240_000 }, async () => {
    for (const each of pages) await advances(each, "the edge");
    if (middle) await until(async () => (await video(page)).width === 320, "the best quality, of which there is enough bandwidth", 60);
    await gap(ms);
    if (middle) await until(async () => (await pictures(page)).at(-1) === "source" && (await video(page)).width === 320, "the best quality again", 30);
    for (const each of pages.slice(1)) {
      const fetched = await until(async () => { const all = await pictures(each); return all.length > 12 && all; }, "the chosen quality", 60);
      assert.deepEqual(fetched.filter((rendition) => rendition !== middle), [], fetched.join());
    }
    for (const each of pages) assert.deepEqual(each.faults, []);
  });

test("from the edge, a click into a gap plays what is behind it, and the edge is gone back to", { timeout: 400_000 }, async () => {
  await until(async () => (await bar(page)).at > 30, "a stream that is longer than a live playlist");
  // A gap at the edge is not listed, nor what is behind it before that is a whole segment.
  const left = await until(async () => { const all = await gaps(page); return all.length >= 2 && all.every(({ end }) => end) && all; }, "both gaps in the whole stream", 30);
  for (const { start, end } of left)
    for (const at of [start - 1.5, start + 0.4, (start + end) / 2, end - 0.4, end + 0.5])
      for (const each of pages) {
        await until(() => isAtEdge(each), "the edge", 20);
        await advances(each, "a picture at the edge");
        await mark(each);
        await clickAt(each, at);
        await playsFrom(each, at > start && at < end ? end : at, `the click at ${at.toFixed(1)} s, of a gap from ${start} to ${end}`, at < start ? end - start : 0);
        if (each !== page) assert.deepEqual((await pictures(each)).filter((rendition) => rendition !== middle), [], "the chosen quality");
        await each.click(".edge");
      }
  for (const each of pages) await advances(each, "the edge at last");
  for (const each of pages) assert.deepEqual(each.faults, []);
});

test("from before the first gap, a click into the second plays what is behind that", { timeout: 120_000 }, async () => {
  const [first, second] = await gaps(page);
  await until(() => isAtEdge(page), "the edge", 20);
  await clickAt(page, first.start - 2.5);
  await playsFrom(page, first.start - 2.5, "what was before the first gap", first.end - first.start);
  await clickAt(page, (second.start + second.end) / 2);
  await playsFrom(page, second.end, "the click into the second");
  await page.click(".edge");
  await until(() => isAtEdge(page), "the edge again", 20);
  assert.deepEqual(page.faults, []);
});
