// The menu of audio tracks: what it calls them, and in Chromium what is played. SLUICE_WEB, SLUICE_CHANNEL: where a stream with two is
// to be published, and SLUICE_PUBLISH: by SRT.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test, { after } from "node:test";

import { sounds } from "../../cmd/webd/pages/src/player/levels.js";
import { assertSound, launch, open, until, video } from "./browser.mjs";

const labels = (...tracks) => sounds(tracks, "en").map((sound) => sound.label);

test("audio tracks are called by their language where that tells them apart", () => {
  assert.deepEqual(labels({ name: "audio", lang: "en" }, { name: "audio2", lang: "de" }), ["English", "German"]);
  assert.deepEqual(labels({ name: "audio", lang: "und" }, { name: "audio2" }), ["Track 1", "Track 2"]);
  assert.deepEqual(labels({ name: "audio", lang: "en" }, { name: "audio2", lang: "en" }, { name: "audio3", lang: "fr" }), ["Track 1 · English", "Track 2 · English", "French"]);
  assert.deepEqual(labels({ name: "audio", lang: "no tag" }, { name: "audio2", lang: "de" }), ["Track 1", "German"]);
});

test("the other audio track is heard when it is chosen, and in the whole stream, too", { timeout: 300_000 }, async () => {
  const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_PUBLISH: target } = process.env;
  const sine = (frequency) => ["-f", "lavfi", "-i", `sine=frequency=${frequency}`];
  const publisher = spawn("ffmpeg", ["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", ...sine(440), ...sine(880),
    "-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-pix_fmt", "yuv420p",
    "-c:a", "aac", "-f", "mpegts", target], { stdio: "inherit" });
  const browser = await launch();
  after(async () => {
    publisher.kill();
    await browser.close();
  });
  const page = await open(browser, `${web}/${name}`);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const hears = (track) => until(() => asked.some((path) => path.includes(`/${track}/`) && path.endsWith(".m4s")), `media of ${track}`);
  const playsOn = async () => {
    const before = await video(page);
    await until(async () => {
      const now = await video(page);
      return now.time > before.time + 1 && now.audio > before.audio;
    }, "picture and sound that go on");
  };
  await hears("audio");
  await playsOn();
  await page.click("[aria-label='Audio track']");
  assert.deepEqual(await page.$$eval("[role=menuitemradio]", (rows) => rows.map((row) => row.textContent)), ["Track 1", "Track 2"]);
  assert.equal(await page.textContent("[role=menuitemradio][aria-checked=true]"), "Track 1");
  assert.ok(!asked.some((path) => path.includes("/audio2/")));
  await page.click("[role=menuitemradio]:nth-child(2)");
  await hears("audio2");
  await playsOn();
  assert.equal(await page.textContent("[aria-label='Audio track']"), "Track 2");
  await page.click("[aria-label='Go to start']");
  await until(() => asked.some((path) => path.endsWith("/audio2/whole.m3u8")), "the whole stream with that track");
  await playsOn();
  assert.equal(await page.textContent("[aria-label='Audio track']"), "Track 2");
  assertSound(page);
});
