// What the player makes of gaps at the live edge: the publisher is away, and then back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// The pages' sources are modules by their own package.json; read as text, the test needs none of their packages.
const source = readFileSync(new URL("../../cmd/webd/pages/src/player/absence.js", import.meta.url), "utf8");
const { Absence, isAway, returnedAt } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

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

test("media begins again behind the last gap", () => {
  for (const [text, at] of [["mm|mm", null], ["mg|g", null], ["mg|m", 4], ["mgm|m", 4], ["gmgm|", 6], ["mgg|", null]])
    assert.equal(returnedAt(playlist(text)), at, text);
});

test("a player waits for a publisher that is away, and goes on where media begins again", () => {
  const absence = new Absence();
  assert.deepEqual(absence.look(playlist("mm|"), 3.9), { waits: false }, "nobody was away");
  assert.deepEqual(absence.look(playlist("mmg|"), 3.9), { waits: true, away: true });
  assert.deepEqual(absence.look({ ...playlist("mmg|m"), edge: 6.3 }, 3.9), { waits: true }, "too little to go on with");
  assert.deepEqual(absence.look({ ...playlist("mmg|m"), edge: 6.5 }, 3.9), { waits: true, seek: 6.05 });
  assert.deepEqual(absence.look(playlist("mmg|mm"), 6.1), { waits: false }, "once");
});

test("a player that got past the gaps by itself waits for nobody", () => {
  const absence = new Absence();
  absence.look(playlist("mmg|"), 3.9);
  absence.moved(playlist("mmg|"), 3.95);
  assert.deepEqual(absence.look({ ...playlist("mmg|m"), edge: 6.2 }, 3.95), { waits: true }, "it moved, but not past them");
  absence.moved({ ...playlist("mmg|m"), edge: 6.2 }, 6.1);
  assert.deepEqual(absence.look({ ...playlist("mmg|m"), edge: 6.2 }, 6.1), { waits: false });
});
