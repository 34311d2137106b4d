// Where a line's text has emotes.
import assert from "node:assert/strict";
import test from "node:test";

import { pictures, pieces } from "../../cmd/webd/pages/src/chat/emotes.js";

test("positions are code points, both ends count", () => {
  assert.deepEqual(pieces("hi", undefined), [{ text: "hi" }]);
  assert.deepEqual(pieces("Wave", [[7, 0, 3]]), [{ id: "7", code: "Wave" }]);
  assert.deepEqual(pieces("\u{1F44B}\u{1F44B} Wave é Wave!", [["9", 10, 13], ["7", 3, 6]]), [
    { text: "\u{1F44B}\u{1F44B} " }, { id: "7", code: "Wave" }, { text: " é " }, { id: "9", code: "Wave" }, { text: "!" },
  ]);
});

test("what is no position in the text stays text", () => {
  const text = "one two";
  for (const wrong of [[1, -1, 2], [1, 5, 7], [1, 3, 2], [1, 0.5, 2], [1, "0", 2], [1], [1, 0, NaN]]) assert.deepEqual(pieces(text, [wrong]), [{ text }], String(wrong));
  assert.deepEqual(pieces(text, [[1, 0, 4], [2, 4, 6]]), [{ id: "1", code: "one t" }, { text: "wo" }]);
});

test("every text comes out whole", () => {
  for (let seed = 1; seed < 300; ++seed) {
    let state = seed;
    const random = (n) => (state = (state * 48271) % 2147483647) % n;
    const points = Array.from({ length: random(12) }, () => ["a", " ", "é", "\u{1F44B}", "한"][random(5)]);
    const emotes = Array.from({ length: random(4) }, () => [random(9), random(14) - 1, random(14) - 1]);
    assert.equal(pieces(points.join(""), emotes).map((piece) => piece.text ?? piece.code).join(""), points.join(""), `seed ${seed}`);
  }
});

test("addresses hold an id, whatever it is", () => {
  assert.deepEqual(pictures("7"), { src: "/emotes/7/1x", srcset: "/emotes/7/1x 1x, /emotes/7/2x 2x, /emotes/7/4x 4x" });
  assert.equal(pictures('../"x').src, "/emotes/..%2F%22x/1x");
});
