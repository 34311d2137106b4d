// What the browser tests share: a headless Chromium, pages that fail the test on a script error or a broken policy.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const launch = (proxy = undefined) =>
  chromium.launch({
    proxy,
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"],
  });

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

// Lines of the console that tell of a fault of ours: anything but a request that failed, which pages must bear.
export async function open(browser, url, viewport = desktop, prepare = undefined) {
  const page = await browser.newPage({ viewport, deviceScaleFactor: viewport === phone ? 2 : 1, hasTouch: viewport === phone });
  if (prepare) await page.addInitScript(prepare);
  page.setDefaultTimeout(90_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error" && !/Failed to load resource|WebSocket connection to|net::ERR/.test(line.text())) page.faults.push(line.text());
  });
  await page.goto(url);
  return page;
}

// For open(): sound is refused until the viewer clicks. (Every page.evaluate counts as a gesture, so Chromium alone would refuse
// only sometimes.)
export function refuseSound() {
  let acted = false;
  addEventListener("pointerdown", () => (acted = true), { capture: true });
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!this.muted && !acted) return Promise.reject(new DOMException("no gesture yet", "NotAllowedError"));
    return play.call(this);
  };
}

export function assertSound(page) {
  assert.deepEqual(page.faults, []);
}

// Looks until `read()` gives something true, and returns it. (page.waitForFunction needs eval, which our policy forbids.) The limits here and in the
// tests are for a machine on which several browsers run at once; nothing is judged by them.
export async function until(read, what, seconds = 90) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (value) return value;
    assert.ok(Date.now() < deadline, `${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export const video = (page) =>
  page.evaluate(() => {
    const element = document.querySelector("video");
    return element && {
      time: element.currentTime, ready: element.readyState, paused: element.paused, muted: element.muted, width: element.videoWidth,
      audio: element.webkitAudioDecodedByteCount,
    };
  });
