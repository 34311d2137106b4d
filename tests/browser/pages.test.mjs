// The pages in Chromium against a whole platform. SLUICE_WEB: webd's address; SLUICE_CHANNEL: an offline channel;
// SLUICE_TOKEN: of somebody who may chat; SLUICE_PUBLISH: where the channel's stream is published; SLUICE_SHOTS: a folder
// for pictures of the pages, when wanted; SLUICE_CHAT_PORT: chatd's WebSocket port; SLUICE_BOB: a token of user bob.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test, { after } from "node:test";
import { join } from "node:path";

import { assertSound, desktop, launch, open, phone, refuseSound, until, video } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_TOKEN: token, SLUICE_PUBLISH: target, SLUICE_SHOTS: shots,
  SLUICE_CHAT_PORT: chatPort, SLUICE_BOB: bobToken } = process.env;
const browser = await launch();
let publisher = null;
after(async () => {
  publisher?.kill();
  await browser.close();
});
const publish = () => {
  publisher = spawn("ffmpeg", ["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i", "sine",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", target], { stdio: "inherit" });
};
const shot = (page, file) => shots && page.screenshot({ path: join(shots, `${file}.png`) });
const playing = async (page) => {
  await until(async () => (await video(page))?.ready >= 2, "a picture");
  const before = await video(page);
  return until(async () => {
    const now = await video(page);
    return now.time > before.time + 1 && now;
  }, "frames that advance");
};
const signIn = async (page) => {
  await page.click("text=Sign in to chat");
  await page.fill("#token", token);
  await page.click("dialog button[type=submit]");
  await page.waitForSelector("#chat-text");
};
const say = async (page, text) => {
  await page.fill("#chat-text", text);
  await until(() => page.evaluate(() => !document.querySelector(".send").disabled), "the cooldown's end");
  await page.press("#chat-text", "Enter");
};
const lines = (page) => page.evaluate(() => [...document.querySelectorAll(".list .said")].map((line) => line.textContent));

test("an offline channel says so, turns live by itself and plays", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  const home = await open(browser, `${web}/`);
  await page.waitForSelector(".offline");
  assert.match(await page.textContent(".offline"), /is offline.*Check back later/);
  await home.waitForSelector(".nobody");
  await shot(page, "offline");
  publish();
  const state = await playing(page);
  assert.equal(state.width, 320);
  await until(async () => (await video(page)).audio > 0, "sound");
  await page.waitForSelector(".badge-live");
  await home.waitForSelector(`a.card[href="/${name}"]`);
  await until(() => page.evaluate(() => document.querySelector(".latency")?.textContent.endsWith(" s")), "the latency");
  await page.click("[aria-label=Quality]");
  assert.ok((await page.$$("[role=menuitemradio]")).length >= 2);
  await shot(page, "live");
  await page.keyboard.press("Escape");
  await shot(home, "home");
  assertSound(page);
  assertSound(home);
});

test("sound refused by the browser means muted and a button", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`, desktop, refuseSound);
  await playing(page);
  assert.equal((await video(page)).muted, true);
  await page.click(".unmute");
  assert.equal((await video(page)).muted, false);
  assert.equal(await page.$(".unmute"), null);
  await page.keyboard.press("k");
  await until(async () => (await video(page)).paused, "a pause");
  assert.equal(await page.textContent(".edge"), "Go live");
  await page.click(".edge");
  await playing(page);
  assertSound(page);
});

test("two people chat; text stays text; a pending line becomes one line", { timeout: 300_000 }, async () => {
  const writer = await open(browser, `${web}/${name}`);
  const context = await browser.newContext({ viewport: desktop });
  const reader = await context.newPage();
  await reader.goto(`${web}/${name}`);
  await signIn(writer);
  const hostile = '<img src=x onerror="document.title=1"> https://example.org/a?b=c. ok';
  await say(writer, hostile);
  for (const page of [writer, reader]) {
    await until(async () => (await lines(page)).includes(hostile), "the line");
    assert.equal(await page.$(".list img"), null);
    assert.equal(await page.getAttribute(".list .said a", "href"), "https://example.org/a?b=c");
  }
  await until(() => writer.evaluate(() => !document.querySelector(".pending")), "the confirmation");
  assert.equal((await lines(writer)).filter((line) => line === hostile).length, 1);
  assert.equal(new URL(writer.url()).search, "");
  await writer.click("text=Sign out");
  await writer.waitForSelector("text=Sign in to chat");
  assertSound(writer);
  await context.close();
});

test("emotes are pictures, their codes are only ever text", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  await signIn(page);
  await say(page, '\u{1F44B} Wave https://example.org/Wave Plain "/><b>x</b> Wave');
  const said = await until(() => page.evaluate(() => {
    const line = [...document.querySelectorAll(".list .said")].find((each) => each.textContent.startsWith("\u{1F44B}"));
    const images = line ? [...line.querySelectorAll("img")] : [];
    return images.length === 3 && images.every(({ naturalWidth }) => naturalWidth > 0) && !line.querySelector("b") &&
      { codes: images.map(({ alt }) => alt), height: images[0].height, text: line.textContent, lazy: images.every(({ loading }) => loading === "lazy"), sets: images.map(({ srcset }) => srcset.split(", ").length) };
  }), "the pictures");
  for (let line = 0; line < 8; ++line) await say(page, `${line} ${"Wave ".repeat(40)}`);  // wraps, and more than fit
  await until(() => page.evaluate(() => {
    const list = document.querySelector(".list");
    return list.scrollHeight > list.clientHeight + 100 && list.lastElementChild.previousElementSibling.textContent.includes("7 ") &&
      [...list.querySelectorAll("img")].every(({ complete }) => complete) && list.scrollHeight - list.scrollTop - list.clientHeight < 2;
  }), "the newest line in sight, though it grew", 20);
  assert.deepEqual(said, { codes: ["Wave", '"/><b>x</b>', "Wave"], height: 28, text: "\u{1F44B}  https://example.org/Wave Plain  ", lazy: true, sets: [3, 3, 3] });
  assertSound(page);
});

test("a page and tmi.js hear each other", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  await signIn(page);
  const client = spawn(process.execPath, [new URL("chat-clients/talk.mjs", import.meta.url).pathname, "tmi", "127.0.0.1", chatPort, name, "bob"],
    { env: { ...process.env, SLUICE_TOKEN: bobToken }, stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(client, "exit");
  await until(async () => (await lines(page)).includes("hello from tmi.js"), "what tmi.js said");
  await say(page, "goodbye");  // tmi.js ends when it hears this
  const [code] = await ended;
  assert.equal(code, 0);
  assertSound(page);
});

test("a wrong token is told, and reading goes on", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  await page.click("text=Sign in to chat");
  await page.fill("#token", "wrong");
  await page.click("dialog button[type=submit]");
  await page.waitForSelector(".composer .chat-notice");
  assert.match(await page.textContent(".composer .chat-notice"), /unknown, expired or revoked/);
  await page.waitForSelector(".chat-dot.connected");
});

test("on a phone chat lies below the picture and nothing is cut off", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`, phone);
  await playing(page);
  const boxes = await page.evaluate(() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
    return { screen: box(".screen"), chat: box(".chat"), composer: box(".composer"), width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight };
  });
  assert.ok(boxes.chat.top >= boxes.screen.bottom);
  assert.ok(boxes.composer.bottom <= phone.height + 1);
  assert.equal(boxes.width, phone.width);
  assert.ok(boxes.height <= phone.height + 1);
  await shot(page, "phone");
  assertSound(page);
});

test("controls have names", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  await playing(page);
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, input, textarea, a")]
      .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.length))
      .map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
  assert.equal(await page.evaluate(() => document.querySelectorAll("h1").length), 1);
});

test("an ended stream leaves the offline screen", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/${name}`);
  await playing(page);
  publisher.kill("SIGINT");
  await page.waitForSelector(".offline");
  await shot(page, "ended");
  assertSound(page);
});

test("a name nobody has is told", { timeout: 300_000 }, async () => {
  const page = await open(browser, `${web}/nosuchchannel`);
  await page.waitForSelector("h1");
  assert.match(await page.textContent("h1"), /There is no channel/);
});
