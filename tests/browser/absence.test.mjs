// What the player makes of gaps at the live edge: the publisher is away, and then back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// The pages' sources are modules by their own package.json; read as text, the test needs none of their packages.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/absence.js", import.meta.url), "utf8");
const { awaySince, isAway, longStill, pastEnd, returnedAt, standsStill } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

// "mmgg" are whole segments of two seconds, "|gm" the parts of the one that grows, and those of the last whole one before them.
function playlist(text, live = true) {
  const [whole, growing] = text.split("|");
  const segments = [...whole].map((kind, i) => ({ start: 2 * i, end: 2 * i + 2, gap: kind === "g" }));
  const end = 2 * whole.length;
  const before = whole ? [0, 1].map((i) => ({ start: end - 2 + i, gap: whole.at(-1) === "g" })) : [];
  return { live, fragments: segments, partList: [...before, ...[...growing].map((kind, i) => ({ start: end + i / 2, gap: kind === "g" }))] };
}

test("gaps at the edge of a live stream are an absence, elsewhere they are not", () => {
  for (const [text, away] of [["mm|mm", false], ["mm|", false], ["mm|g", true], ["mg|", true], ["mg|m", false], ["gm|m", false], ["|g", true]])
    assert.equal(isAway(playlist(text)), away, text);
  assert.equal(isAway(playlist("mg|g", false)), false);
  assert.equal(isAway(undefined), false);
  assert.equal(isAway({ live: true, fragments: [], partList: null }), false);
});

test("what the player waits for begins with the gaps at the edge", () => {
  for (const [text, since] of [["mm|mm", null], ["mm|gg", 4], ["mm|mg", 4.5], ["mg|", 2], ["mgg|g", 2], ["gmg|", 4], ["gg|", 0], ["mg|m", null]])
    assert.equal(awaySince(playlist(text)), since, text);
  assert.equal(awaySince(undefined), null);
});

test("media begins again behind the gap that the player has come to", () => {
  for (const [text, time, at] of [
    ["mm|mm", 3.9, null], ["mg|g", 1.9, null], ["mg|m", 1.9, 4], ["mg|m", 1, null], ["mg|m", 2.5, 4], ["mgm|m", 1.9, 4], ["gmgm|", 0, 2], ["gmgm|", 3.9, 6],
    ["mgg|", 1.9, null], ["mggm|", 1.9, 6], ["m|gm", 1.9, 2.5], ["mg|m", 4, null],
  ])
    assert.equal(returnedAt(playlist(text), time), at, `${text} at ${time}`);
  const crumb = { live: true, fragments: [{ start: 0, end: 2 }, { start: 2, end: 2.033 }, { start: 2.033, end: 4, gap: true }, { start: 4, end: 6 }] };
  assert.equal(returnedAt(crumb, 2), 4, "a picture alone stands before the gap, whose sound is a gap");
});

test("a player waits for a publisher that is away, and goes on where media begins again", () => {
  assert.deepEqual(standsStill(playlist("mm|"), 3.9), { waits: false }, "nobody was away");
  assert.deepEqual(standsStill(undefined, 3.9), { waits: false });
  assert.deepEqual(standsStill(playlist("mmg|"), 3.9), { waits: true, away: true });
  assert.deepEqual(standsStill({ ...playlist("mmg|m"), edge: 6.3 }, 3.9), { waits: true }, "too little to go on with");
  assert.deepEqual(standsStill({ ...playlist("mmg|m"), edge: 6.5 }, 3.9), { waits: true, seek: 6.05 }, "nobody has looked while the publisher was away");
  assert.deepEqual(standsStill({ ...playlist("mmg|mm"), edge: 7 }, 6.1), { waits: false }, "it has gone on");
  assert.deepEqual(standsStill({ ...playlist("mmg|m"), edge: 6.5 }, 3), { waits: false }, "it stands still for another reason");
  assert.deepEqual(standsStill({ ...playlist("mg|m", false), edge: 4.5 }, 1.9), { waits: false }, "the stream is over");
});

test("a player that stands in segments which lost parts starts over, once there is enough behind the last gap", () => {
  const long = longStill + 1;
  // Whole segments and then the newest parts, which those of the last segments are listed of too.
  const lost = (whole, parts, partHoldBack = 1.6) => {
    const first = whole - Math.floor(parts.length / 4);
    return { live: true, partHoldBack, edge: 2 * first + parts.length / 2,
             fragments: Array.from({ length: whole }, (_, i) => ({ start: 2 * i, end: 2 * i + 2, gap: false })),
             partList: [...parts].map((kind, i) => ({ start: 2 * first + i / 2, gap: kind === "g" })) };
  };
  const again = { waits: false, again: true };
  assert.deepEqual(standsStill(lost(4, "mgggmgggmmmm"), 2.5, long), again);
  assert.deepEqual(standsStill(lost(4, "mgggmgggmmmm"), 2.5, longStill), { waits: false }, "not for long");
  assert.deepEqual(standsStill(lost(5, "mgggmmmmmmmm"), 2.5, long), again, "no parts are listed of the segment it stands in");
  assert.deepEqual(standsStill(lost(3, "mgggmgggmmm"), 2.5, long), { waits: false }, "too little to begin with");
  assert.deepEqual(standsStill(lost(3, "mgggmgggmmm", 1.4), 2.5, long), again);
  assert.deepEqual(standsStill(lost(3, "mgggmgggmg"), 2.5, long), { waits: true, away: true });
  assert.deepEqual(standsStill(lost(4, "mgggmgggmmmm"), 6.2, long), { waits: false }, "it stands behind the gap, for another reason");
  assert.deepEqual(standsStill({ ...lost(4, "mgggmgggmmmm"), live: false }, 2.5, long), { waits: false }, "the stream is over");
  assert.deepEqual(standsStill({ live: true, fragments: [{ start: 0, end: 2 }], partList: null, edge: 2, partHoldBack: 0 }, 1, long), { waits: false }, "no gap");
});

test("a player that stands still at the whole stream's end knows whether it is over, or the publisher is away", () => {
  const whole = (live) => ({ live, edge: 30.2, targetduration: 2 });
  for (const [live, time, behind, found] of [
    [true, 29.1, 60_000, null], [false, 29.1, 60_000, null],
    [true, 29.9, 0, "end"], [true, 29.9, 5000, "end"], [true, 29.9, 5001, "away"], [true, 30.3, 5001, "away"],
    [false, 29.3, 0, "over"], [false, 30.3, 60_000, "over"],
  ])
    assert.equal(pastEnd(whole(live), time, 1e12, 1e12 + behind), found, `${live ? "live" : "over"}, at ${time}, ${behind} ms`);
  assert.equal(pastEnd({ ...whole(true), targetduration: 10 }, 30, 1e12, 1e12 + 20_000), "end", "a longer segment takes longer to be listed");
  assert.equal(pastEnd(whole(true), 30, null, 1e12), "end", "the playlist has no dates");
  assert.equal(pastEnd(whole(true), 30, 1e12, null), "end", "nothing is known of what is kept");
  assert.equal(pastEnd(undefined, 30, 1e12, 2e12), null);
});
