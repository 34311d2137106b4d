// Dates and player time, and what a storyboard's track says.
import assert from "node:assert/strict";
import test from "node:test";

import { parseTrack } from "../../cmd/webd/pages/src/player/storyboard.js";
import { dateAt, timeAt } from "../../cmd/webd/pages/src/player/timeline.js";

const day = 1_700_000_000_000;
const segments = [0, 1, 2, 3].map((n) => ({ start: n * 2, duration: 2, programDateTime: day + n * 2000 + (n > 1 ? 60_000 : 0) }));  // a minute is missing

test("dates come from the segment that is shown", () => {
  assert.equal(dateAt(segments, 0), day);
  assert.equal(dateAt(segments, 3.5), day + 3500);
  assert.equal(dateAt(segments, 4), day + 64_000);
  assert.equal(dateAt(segments, 9), day + 69_000);
  assert.equal(dateAt([], 1), null);
  assert.equal(dateAt([{ start: 0, duration: 2, programDateTime: null }], 1), null);
});

test("a date in a hole is the hole's end, one before all is none", () => {
  assert.equal(timeAt(segments, day + 3500), 3.5);
  assert.equal(timeAt(segments, day + 20_000), 4);
  assert.equal(timeAt(segments, day + 65_000), 5);
  assert.equal(timeAt(segments, day + 600_000), 8);
  assert.equal(timeAt(segments, day - 1), null);
});

test("the track's cues name a sheet, a place and a time", () => {
  const cues = parseTrack("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\nNOTE Time 0 is 2025\n\n00:00:00.000 --> 00:00:10.000\n" +
    "storyboard-0.jpg#xywh=0,0,160,90\n\n01:00:10.500 --> 01:00:20.000\nstoryboard-14.jpg#xywh=160,90,160,90\n\n01:00:20.000 --> 01:00:30.000\nstoryboard-14.jpg#xywh=320,90,160,90\n",
    "http://origin/live/ada/s1/storyboard.vtt");
  assert.deepEqual(cues[0], { start: 0, end: 10, url: "http://origin/live/ada/s1/storyboard-0.jpg?1", x: 0, y: 0, width: 160, height: 90 });
  assert.equal(cues[1].start, 3610.5);
  assert.equal(cues[2].url, "http://origin/live/ada/s1/storyboard-14.jpg?2");
});
