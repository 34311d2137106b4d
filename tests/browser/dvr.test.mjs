// Seeking in a live stream: back to its start, over a restart of the origin, and to the edge again. SLUICE_WEB, SLUICE_CHANNEL and
// SLUICE_PUBLISH as in seekable.mjs; SLUICE_STATUS: a command line that prints the platform's status; SLUICE_SHOTS: a folder for
// pictures of the pages, when wanted.
import assert from "node:assert/strict";
import { execSync } from "node:child_process";
import test from "node:test";
import { join } from "node:path";

import { assertSound, desktop, open, phone, until, video } from "./browser.mjs";
import { browser, page, publisher, seconds } from "./seekable.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_STATUS: status, SLUICE_SHOTS: shots } = process.env;

const shot = (page, file) => shots && page.screenshot({ path: join(shots, `${file}.png`) });
// What the bar says: {live, at, length} in seconds since the stream began; nothing while it is not there.
const bar = (page) =>
  page.evaluate(() => document.querySelector(".seek input")?.getAttribute("aria-valuetext") ?? "").then((text) => {
    const live = /^Live, ([\d:]+) since/.exec(text);
    if (live) return { live: true, at: seconds(live[1]), length: seconds(live[1]) };
    const past = /^([\d:]+) of ([\d:]+), ([\d:]+) behind live$/.exec(text);
    return past && { live: false, at: seconds(past[1]), length: seconds(past[2]) };
  });
const advancing = async (page, what = "frames that advance") => {
  const before = await until(async () => { const now = await video(page); return now?.ready >= 2 && now; }, `${what}: a picture`);
  return until(async () => (await video(page)).time > before.time + 1, what);
};
// Does `act`, and waits until the bar is between `least` and `most` (s), or later by what can have been played since.
const plays = async (page, least, most, what, act = () => {}) => {
  const began = Date.now();
  await act();
  await until(async () => {
    const now = await bar(page);
    return now && !now.live && now.at >= least && now.at <= most + (Date.now() - began) / 1000 && (await video(page)).ready >= 2;
  }, what);
};

test("the start of a stream that has just begun is gone to, and the edge again", { timeout: 300_000 }, async () => {
  await advancing(page);
  await page.waitForSelector("[aria-label='Go to start']");
  await page.click("[aria-label='Go to start']");
  await until(async () => { const now = await bar(page); return now && !now.live && (await video(page)).ready >= 2; }, "the past");
  await advancing(page);
  const now = await bar(page);
  assert.ok(!now.live && now.at < now.length, JSON.stringify(now));
  await page.click(".edge");
  await until(async () => (await bar(page))?.live, "the edge");
  assertSound(page);
});

test("the bar spans the stream; hovering shows the picture and the time", { timeout: 300_000 }, async () => {
  await advancing(page);
  await until(async () => (await bar(page))?.length >= 45, "a stream that is longer than its live playlist");
  await until(async () => (await bar(page)).live, "the edge");
  const { length } = await bar(page);
  const box = await (await page.$(".seek input")).boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  const preview = await until(() => page.evaluate(() => {
    const image = document.querySelector(".preview img");
    return image?.complete && image.naturalWidth > 0 && { width: image.naturalWidth, height: image.naturalHeight, left: image.style.left, time: document.querySelector(".preview-time").textContent };
  }), "the storyboard's picture");
  assert.deepEqual([preview.width, preview.height], [800, 450]);
  assert.match(preview.left, /^-(160|320)px$/);
  const half = seconds(preview.time);  // of the stream as it was at some time since
  assert.ok(half > length / 2 - 4 && half < (await bar(page)).length / 2 + 4, preview.time);
  await shot(page, "hover");
  await page.mouse.move(box.x, box.y - 150);
  await until(() => page.evaluate(() => !document.querySelector(".preview")), "the preview's end");
  assertSound(page);
});

test("go to start shows the beginning, and plays on", { timeout: 300_000 }, async () => {
  await plays(page, 0, 4, "the beginning", () => page.click("[aria-label='Go to start']"));
  await advancing(page);
  assert.equal(await page.textContent(".edge"), "Go live");
  await shot(page, "start");
  assertSound(page);
});

test("arrows move by 5 s, from the bar and from the page", { timeout: 300_000 }, async () => {
  const before = (await bar(page)).at;
  await page.focus(".seek input");
  await plays(page, before + 9, before + 16, "10 s further", async () => {
    for (let i = 0; i < 2; ++i) await page.keyboard.press("ArrowRight");
  });
  await page.evaluate(() => document.activeElement.blur());
  const further = (await bar(page)).at;
  await plays(page, further - 6, further - 1, "5 s back", () => page.keyboard.press("ArrowLeft"));
  await page.focus(".seek input");
  await plays(page, 0, 4, "the beginning", () => page.keyboard.press("Home"));
  assertSound(page);
});

test("a pause in the past is gone on from where it was made", { timeout: 300_000 }, async () => {
  await advancing(page);
  await page.keyboard.press("k");
  await until(async () => (await video(page)).paused, "a pause");
  const { time } = await video(page);
  const began = Date.now();
  await page.click("[aria-label='Play (k)']");
  await until(async () => !(await video(page)).paused, "the picture");
  await advancing(page);
  const moved = (await video(page)).time - time;
  assert.ok(moved > -1 && moved < 1 + (Date.now() - began) / 1000, `${moved} s`);
});

test("the origin starts again: the past goes on where it was", { timeout: 300_000 }, async () => {
  const before = (await bar(page)).at;
  const program = () => JSON.parse(execSync(`${status} || true`)).programs.find((each) => each.name === "origind");
  const first = program().pid;
  process.kill(first, "SIGKILL");
  await until(() => { const now = program(); return now.state === "ready" && now.pid !== first; }, "a new origin");
  await plays(page, before + 2, before + 45, "the picture after the restart");
  await advancing(page);
  const after = await bar(page);
  assert.ok(!after.live && after.at < after.length - 5, JSON.stringify(after));
});

test("the live button brings the edge back", { timeout: 300_000 }, async () => {
  await page.click(".edge");
  await until(async () => (await bar(page))?.live, "the edge");
  await advancing(page);
  await until(async () => (await page.textContent(".edge")) === "Live", "nothing behind");
  assertSound(page);
});

test("on a phone a tap on the bar seeks, and nothing is cut off", { timeout: 300_000 }, async () => {
  const small = await open(browser, `${web}/${name}`, phone);
  await advancing(small);
  await until(() => bar(small), "the bar");
  const boxes = await small.evaluate(() => ["seek", "controls", "screen"].map((each) => document.querySelector(`.${each}`).getBoundingClientRect().toJSON()));
  assert.ok(boxes[0].width > 300 && boxes[1].bottom <= boxes[2].bottom + 1 && boxes[1].right <= phone.width);
  assert.equal(await small.evaluate(() => document.documentElement.scrollWidth), phone.width);
  const { length } = await bar(small);
  await plays(small, length / 4 - 5, length / 4 + 12, "a quarter of the stream",
    () => small.touchscreen.tap(boxes[0].left + boxes[0].width * 0.25, boxes[0].top + boxes[0].height / 2));
  await shot(small, "dvr-phone");
  await small.close();
});

test("the list of live channels shows what is on", { timeout: 300_000 }, async () => {
  const home = await open(browser, `${web}/`, desktop);
  const image = await until(() => home.evaluate(() => {
    const found = document.querySelector(".card-thumbnail");
    return found?.complete && found.naturalWidth > 0 && { width: found.naturalWidth, height: found.naturalHeight, alt: found.alt, loading: found.loading };
  }), "the thumbnail");
  assert.deepEqual(image, { width: 480, height: 270, alt: `What ${name} is showing`, loading: "lazy" });
  await shot(home, "home-thumbnail");
  assertSound(home);
  await home.close();
});

test("the stream ends: who watches its past sees it to its end, then the offline screen", { timeout: 300_000 }, async () => {
  await plays(page, 0, 5, "the beginning", () => page.click("[aria-label='Go to start']"));
  publisher.kill("SIGINT");
  await until(() => page.evaluate(() => !document.querySelector(".badge-live")), "the end of the stream");
  const gone = await bar(page);
  await until(async () => (await bar(page)).at > gone.at + 17, "17 s more of the past, which is longer than the page waits for live viewers");
  await until(() => page.evaluate(() => {
    const input = document.querySelector(".seek input");
    input.value = Number(input.max) - 3;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }), "a seek to the end");
  await page.waitForSelector(".offline");
  assertSound(page);
});
