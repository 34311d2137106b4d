// What the player tells hls.js to do about a gap behind the edge.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const source = readFileSync(new URL("../../cmd/webd/pages/src/player/gaps.js", import.meta.url), "utf8");
const { gapEverywhere, passesGaps } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

// "mgm" from segment `first` on; null: a level whose playlist has not been loaded.
const level = (text, first = 5) => ({ loadError: 0, details: text === null ? undefined : { startSN: first, fragments: [...text].map((kind) => ({ gap: kind === "g" })) } });
const sixth = { type: "main", level: 0, sn: 6 };

test("a gap is everywhere when each level is known to have it", () => {
  for (const [texts, everywhere] of [
    [["mgm", "mgm"], true], [["mgm"], true], [["mgm", "mmm"], false], [["mgm", null, "mmm"], false], [["mgm", null], undefined], [["mgm", "m"], undefined], [["mgm", null, "mgm"], undefined],
  ])
    assert.equal(gapEverywhere(texts.map((text) => level(text)), sixth), everywhere, texts.join());
  assert.equal(gapEverywhere([level("mgm"), level("gm", 6)], sixth), true, "a playlist that begins later");
  assert.equal(gapEverywhere([level("mgm"), level("m", 7)], sixth), undefined, "one that begins behind it");
});

// What is done of an error by a controller that, like hls.js's, goes to another level and holds an error against this one.
function handled(error, levels, autoLevelEnabled = true) {
  const Controller = passesGaps(class {
    onError(_, data) {
      this.hls.levels[0].loadError++;
      data.errorAction = { action: 2, nextAutoLevel: 1 };
    }
  });
  const controller = new Controller();
  controller.hls = { levels, autoLevelEnabled, config: { fragLoadPolicy: { default: { errorRetry: { maxNumRetry: 3 } } } } };
  controller.onError("hlsError", error);
  return { switches: error.errorAction.nextAutoLevel === 1, held: levels[0].loadError, policy: error.errorAction.retryConfig?.maxNumRetry };
}
const gap = (frag = sixth) => ({ details: "fragGap", frag });
const passed = { switches: false, held: 0, policy: 3 };

test("a gap that is everywhere is passed, one of this level alone is not", () => {
  assert.deepEqual(handled(gap(), [level("mgm"), level("mgm")]), passed);
  assert.deepEqual(handled(gap(), [level("mgm"), level("mmm")]), { switches: true, held: 1, policy: undefined });
  assert.deepEqual(handled(gap({ type: "audio", level: 0, sn: 6 }), [level("mmm"), level("mmm")]), passed, "a gap in sound");
});

test("where nothing is known of other levels they are looked at, with nothing held against this one, and a choice stays", () => {
  assert.deepEqual(handled(gap(), [level("mgm"), level(null)]), { switches: true, held: 0, policy: undefined });
  assert.deepEqual(handled(gap(), [level("mgm"), level(null)], false), passed);
  assert.deepEqual(handled(gap(), [level("mgm"), level("mmm")], false), { switches: true, held: 1, policy: undefined });
});

test("other errors are hls.js's own matter, and another hls.js is noticed", () => {
  assert.deepEqual(handled({ details: "fragLoadError", frag: sixth }, [level("mgm"), level("mgm")]), { switches: true, held: 1, policy: undefined });
  assert.throws(() => passesGaps(class {}), /no onError.*gaps\.js/);
});
