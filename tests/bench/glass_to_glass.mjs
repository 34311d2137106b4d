// Glass to glass: a wall clock burnt into the picture, published by RTMP, is read back from the video element of the
// channel page as shipped, in Chromium. Prints one JSON object a join, then one with the medians over the joins and the
// quantiles of all samples together. stalls: how often the element waited for data after its first picture; height: of the picture.
// With HLS.JS and PLAYLIST the page is empty, and hls.js plays that address with its own defaults.
// usage: node glass_to_glass.mjs PAGE-URL [JOINS] [SECONDS] [HLS.JS PLAYLIST]
import { createRequire } from "node:module";
const require = createRequire(new URL("../browser/", import.meta.url));
const { chromium } = require("playwright-core");

const [url, joins = "3", seconds = "20", library, playlist] = process.argv.slice(2);
const settle = 8000; // ms after the first picture that do not count: the player is still finding its place

// Runs in the page: samples the first row of blocks of each new picture. The layout is tests/tools/burnt_numbers.hpp's.
function sampler() {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const columns = 36;
  window.samples = [];
  window.stalls = 0;
  video.addEventListener("waiting", () => ++window.stalls);
  const read = () => {
    const now = Date.now();
    const width = (canvas.width = 720);
    const height = (canvas.height = 405);
    context.drawImage(video, 0, 0, width, height);
    const y = Math.floor(height / 36);
    let value = 0n;
    for (let column = 0; column < columns; ++column) {
      const x = Math.floor(((2 * column + 1) * width) / (2 * columns));
      const pixel = context.getImageData(x, y, 1, 1).data;
      value = (value << 1n) | (pixel[0] + pixel[1] + pixel[2] > 3 * 125 ? 1n : 0n);
    }
    const clock = value >> 4n;
    let check = 0n;
    for (let shift = 0n; shift < 32n; shift += 4n) check += (clock >> shift) & 15n;
    if ((check & 15n) === (value & 15n)) {
      const latency = Number((BigInt(now) & 0xffffffffn) - clock);
      window.samples.push({ at: now, latency });
    }
    video.requestVideoFrameCallback(read);
  };
  video.requestVideoFrameCallback(read);
}

// Runs in the empty page.
function play(address) {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const hls = new Hls();
  hls.loadSource(address);
  hls.attachMedia(video);
  video.play();
}

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const median = (values) => quantile(values, 0.5);

const results = [];
const pooled = [];
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
});
for (let join = 0; join < Number(joins); ++join) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 700 }, bypassCSP: true });
  const opened = Date.now();
  await page.goto(url);
  if (library) {
    await page.addScriptTag({ path: library });
    await page.evaluate(play, playlist);
  }
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2 && document.querySelector("video").currentTime > 0, null, { timeout: 30000 });
  const first = Date.now() - opened;
  await page.evaluate(sampler);
  await page.waitForFunction((limit) => window.samples.length > 0 && Date.now() - window.samples[0].at > limit, settle + Number(seconds) * 1000, { timeout: 120000 });
  const { samples, stalls, height } = await page.evaluate(() => ({ samples: window.samples, stalls: window.stalls, height: document.querySelector("video").videoHeight }));
  const kept = samples.filter((sample) => sample.at - samples[0].at > settle).map((sample) => sample.latency);
  const result = { join, first_picture_ms: first, samples: kept.length, p50_ms: quantile(kept, 0.5), p95_ms: quantile(kept, 0.95), max_ms: Math.max(...kept), stalls, height };
  pooled.push(...kept);
  results.push(result);
  console.log(JSON.stringify(result));
  await page.close();
}
await browser.close();
console.log(JSON.stringify({ joins: results.length, p50_ms: median(results.map((r) => r.p50_ms)), p95_ms: median(results.map((r) => r.p95_ms)),
                             pooled_p50_ms: quantile(pooled, 0.5), pooled_p95_ms: quantile(pooled, 0.95) }));
