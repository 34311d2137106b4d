// What the tests of gaps read off a page.
import assert from "node:assert/strict";

import { until, video } from "./browser.mjs";

const seconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

// Of the bar: {live, at, length, knob}, seconds since the stream began; null while it is not there.
export const bar = (page) =>
  page.evaluate(() => {
    const input = document.querySelector(".seek input");
    return { text: input?.getAttribute("aria-valuetext") ?? "", knob: Number(input?.value) };
  }).then(({ text, knob }) => {
    const times = text.match(/\d[\d:]*:\d\d/g)?.map(seconds);
    return times ? { live: text.startsWith("Live"), at: times[0], length: text.startsWith("Live") ? times[0] : times[1], knob } : null;
  });

// That it plays at the edge, and the bar's knob is there: a click on the knob where it was would change nothing.
export const isAtEdge = async (page) => {
  const [now, shown] = [await bar(page), await video(page)];
  return now?.live && now.knob > now.length - 10 && shown?.ready >= 2;
};

// The renditions of the segments and parts that it has fetched since `marked`, oldest first.
export const media = (page) =>
  page.evaluate(() => performance.getEntriesByType("resource").filter(({ startTime }) => startTime > (window.marked ?? 0)).map(({ name }) => name)).then((names) =>
    names.map((each) => /([^/]+)\/[\d.]+\.m4s/.exec(each)?.[1]).filter(Boolean));

// The gaps in the whole of a rendition: {start, end}, seconds since the stream began; no end where nothing has come behind it yet.
export const gaps = (page, rendition = "source") =>
  page.evaluate(async (rendition) => {
    const any = performance.getEntriesByType("resource").map(({ name }) => /^(.*\/)[^/]+\/[\d.]+\.m4s/.exec(name)).find(Boolean);
    return (await fetch(`${any[1]}${rendition}/whole.m3u8`)).text();
  }, rendition).then((text) => {
    // By the dates, as the bar has it: the lengths of segments leave out what lies between a gap and who comes back.
    const found = [];
    let first = null, at = 0, gap = false, before = false;
    for (const line of text.split("\n")) {
      if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
        const date = Date.parse(line.slice(25));
        first ??= date;
        at = (date - first) / 1000;
      } else if (line === "#EXT-X-GAP") gap = true;
      else if (line && !line.startsWith("#")) {
        if (gap && !before) found.push({ start: at });
        if (!gap && before) found.at(-1).end = at;
        before = gap;
        gap = false;
      }
    }
    return found;
  });

// Clicks on the bar at a time since the stream began, of which all is kept.
export async function clickAt(page, time) {
  const box = await (await page.$(".seek input")).boundingBox();
  const length = await page.evaluate(() => Number(document.querySelector(".seek input").max));
  await page.mouse.click(box.x + 7 + ((box.width - 14) * time) / length, box.y + box.height / 2, { delay: 80 });
}

// What a page that shows nothing may be waiting for: its element, and what it asked for last ([name, ms since it asked, ms that it took, status]).
const evidence = (page) =>
  page.evaluate(() => {
    const { src, readyState, networkState, error, seeking, buffered, duration } = document.querySelector("video");
    const now = performance.now();
    const asked = performance.getEntriesByType("resource").slice(-40).map(({ name, startTime, duration: took, responseStatus }) => [name.replace(/^.*\/\/[^/]*/, ""), now - startTime | 0, took | 0, responseStatus]);
    return { src: src.slice(0, 10), readyState, networkState, error: error?.message, seeking, duration, buffered: Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]), hidden: document.hidden, asked };
  });

// That a picture of the past comes, at `from` or soon after, and goes on, over a gap of so many seconds that is there.
export async function playsFrom(page, from, what, gap = 0, limit = 12) {
  const began = Date.now();
  let now = null, shown = null, first = null;
  const goesOn = async () => {
    [now, shown] = [await bar(page), await video(page)];
    if (!now || now.live || !(shown?.ready >= 2)) return false;
    first ??= shown.time;
    if (shown.time < first || shown.time > first + 4) first = shown.time;
    return shown.time > first + 0.7 && now.at >= Math.floor(from) - 1 && now.at <= from + gap + 3 + (Date.now() - began) / 1000;
  };
  await until(goesOn, what, limit).catch(async (error) => assert.fail(`${error.message}: ${JSON.stringify({ from, now, shown, ...(await evidence(page).catch(() => null)) })}`));
}
