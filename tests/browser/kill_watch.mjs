// Watches a channel's page while programs are killed: node kill_watch.mjs, commands as lines on standard input, each answered by
// one JSON line. SLUICE_WEB: webd's address; SLUICE_CHANNEL: a live channel; SLUICE_TOKEN: of somebody who may chat;
// SLUICE_PROXY: what it reaches them through.
//   mark        forget the standstills; → state
//   state       → {time, moved, longest, stills, standing, late, behind, loads, chat, pending, lines, faults}: seconds of the picture, seconds it
//               moved since the page was opened, the longest it stood still since the mark (ms), how often it stood still for a quarter
//               of a second and more, how long it stands still now (ms), how late the machine let the watcher look at most (ms), how far behind the edge it says it is, how often the page was
//               loaded, the chat's connection, lines not yet confirmed, the last lines
//   say TEXT    writes a line of chat, as soon as the page lets one write; → {said}
// "Stands still": currentTime does not grow; a seek alone is no movement. What was played while a busy machine let the watcher not look is
// no standstill.
import { createInterface } from "node:readline";

import { launch, open, until } from "./browser.mjs";

const { SLUICE_WEB: web, SLUICE_CHANNEL: name, SLUICE_TOKEN: token, SLUICE_PROXY: proxy } = process.env;
const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function watch() {
  if (window !== window.top) return;
  sessionStorage.setItem("loads", String(Number(sessionStorage.getItem("loads") ?? 0) + 1));
  const seen = (window.seen = { moved: 0, longest: 0, stills: 0, late: 0, since: performance.now(), looked: performance.now(), time: -1 });
  setInterval(() => {
    const video = document.querySelector("video");
    const now = performance.now();
    const time = video?.currentTime ?? -1;
    const step = time - seen.time;
    const unseen = now - seen.looked;
    const playing = video && !video.seeking && !video.paused;
    seen.time = time;
    seen.looked = now;
    seen.late = Math.max(seen.late, unseen - 20);
    if (playing && step > 0 && step < Math.max(1, 0.0013 * unseen)) {
      seen.moved += step;
      const still = now - seen.since - Math.min(1000 * step, unseen);
      seen.longest = Math.max(seen.longest, still);
      if (still >= 250) ++seen.stills;
      seen.since = now;
    }
    seen.longest = Math.max(seen.longest, now - seen.since);
  }, 20);
}

const browser = await launch(proxy ? { server: proxy, bypass: "<-loopback>" } : undefined);
const page = await open(browser, `${web}/${name}`, undefined, watch);
page.setDefaultTimeout(10_000);
const state = () =>
  page.evaluate(() => ({
    time: window.seen.time, moved: window.seen.moved, longest: Math.round(window.seen.longest), stills: window.seen.stills, late: Math.round(window.seen.late),
    behind: Number.parseFloat(document.querySelector(".latency")?.textContent),
    standing: Math.round(performance.now() - window.seen.since), loads: Number(sessionStorage.getItem("loads")),
    chat: document.querySelector(".chat-dot")?.className ?? "", pending: document.querySelectorAll(".pending").length,
    lines: [...document.querySelectorAll(".list .said")].slice(-8).map((line) => line.textContent),
    ready: document.querySelector("video")?.readyState ?? -1, offline: document.querySelector(".offline") !== null,
  }));
const commands = {
  mark: async () => {
    await page.evaluate(() => Object.assign(window.seen, { longest: performance.now() - window.seen.since, stills: 0, late: 0 }));
    return state();
  },
  state: async () => ({ ...(await state()), faults: page.faults }),
  say: async (text) => {
    await page.fill("#chat-text", text);
    await until(() => page.evaluate(() => document.querySelector(".send")?.disabled === false), "leave to write", 8);
    await page.press("#chat-text", "Enter");
    return { said: text };
  },
};

await until(async () => (await state()).moved > 1, "a moving picture", 120);
if (token) {
  await page.click("text=Sign in to chat");
  await page.fill("#token", token);
  await page.click("dialog button[type=submit]");
  await page.waitForSelector("#chat-text");
}
tell(await commands.mark());
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.split(" ");
  try {
    tell(await commands[command](rest.join(" ")));
  } catch (error) {
    tell({ failed: error.message, page: await page.evaluate(() => document.body.innerText) });
  }
}
await browser.close();
