// Who watches some seconds behind the edge, or has paused, while the publisher is away: for a while, and then for good. SLUICE_WEB, SLUICE_CHANNEL,
// SLUICE_PUBLISH as in seekable.mjs; the grace time has room for a player that starts over (patience.js), and for one more.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, beforeEach, test } from "node:test";

import { launch, open, until, video } from "./browser.mjs";
import { bar, isAtEdge } from "./gap_pages.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_PUBLISH: target } = process.env;

const publish = () =>
  spawn("ffmpeg", ["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine=sample_rate=48000",
    "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "250k", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", target], { stdio: "inherit" });
let publisher = publish();
const browser = await launch();
after(async () => {
  publisher.kill("SIGKILL");
  await browser.close();
});

const page = await open(browser, `${web}/${name}`);
beforeEach(async () => {
  if (publisher.signalCode) publisher = publish();
  await page.reload();
});
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const shown = () =>
  page.evaluate(() => ({ away: !!document.querySelector(".player .away"), edge: document.querySelector(".edge")?.textContent, latency: document.querySelector(".latency")?.textContent }));
const saysSo = (what) => until(async () => { const now = await shown(); return now.away && now.edge === "Live" && now.latency === undefined; }, what, 30);
const offline = () => page.evaluate(() => !!document.querySelector(".offline"));
const pauseOrPlay = () => page.keyboard.press("k");
const advances = async (what) => {
  const from = (await video(page))?.time ?? 0;
  await until(async () => { const now = await video(page); return now?.ready >= 2 && now.time > from + 1; }, what, 60);
};

// From the edge to some seconds behind it.
async function fallBehind() {
  await until(() => isAtEdge(page), "the edge", 60);
  await advances("the edge");
  await pauseOrPlay();
  await wait(7000);
  await pauseOrPlay();
  await until(async () => { const now = await bar(page); return now && !now.live && (await video(page)).ready >= 2; }, "the past", 20);
  await advances("the past");
}
async function leave() {
  publisher.kill("SIGKILL");
  await new Promise((done) => publisher.once("exit", done));
}

test("while the publisher is away, who was behind and has seen all is told so, and goes on with it", { timeout: 200_000 }, async () => {
  await until(async () => (await bar(page))?.at > 10, "a stream of some length", 60);
  await fallBehind();
  await leave();
  await saysSo("the notice, when all is seen");
  publisher = publish();
  await until(async () => !(await shown()).away, "the publisher back", 30);
  await advances("what it sends now");
  assert.deepEqual(page.faults, []);
});

test("who pauses then is still told so, and is not offered an edge", { timeout: 200_000 }, async () => {
  await until(() => isAtEdge(page), "the edge", 60);
  await advances("the edge");
  await leave();
  await saysSo("the notice");
  await pauseOrPlay();
  await until(() => page.evaluate(() => !!document.querySelector(".big-play")), "a pause", 5);
  await wait(1500);
  assert.deepEqual(await shown(), { away: true, edge: "Live", latency: undefined });
  await wait(4000);
  publisher = publish();
  await until(async () => { const now = await shown(); return !now.away && now.edge === "Go live"; }, "an edge to go to", 30);
  await pauseOrPlay();
  await advances("the picture");
  assert.deepEqual(page.faults, []);
});

for (const known of [true, false])
  test(`a publisher that stays away: the offline screen, then the next stream (${known ? "told in time" : "not told what is kept"})`, { timeout: 300_000 }, async () => {
    await fallBehind();
    if (!known) await page.route(/window\.json/, (route) => route.abort());
    await leave();
    if (known) await saysSo("the notice, when all is seen");
    await until(offline, "the offline screen", 75);
    await page.unroute(/window\.json/);
    publisher = publish();
    await until(async () => !(await offline()) && (await isAtEdge(page)), "the next stream", 40);
    await advances("its picture");
    assert.deepEqual(page.faults, []);
  });
