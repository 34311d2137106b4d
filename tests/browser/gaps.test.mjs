// What the player tells hls.js to do about a gap, and where it goes on.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const load = (file) => import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(`../../cmd/webd/pages/src/player/${file}`, import.meta.url), "utf8"))}`);
const { behindGap, gapEverywhere, gapIn, passesGaps } = await load("gaps.js");
const { loadsNoGaps } = await load("gap_loading.js");

// "mgm" are segments of two seconds from number `first` on, "|gm" the parts of the one that grows; null: a playlist that has not been loaded.
function playlist(text, first = 5) {
  if (text === null) return undefined;
  const [whole, growing = ""] = text.split("|");
  const fragments = [...whole].map((kind, i) => ({ type: "main", level: 0, sn: first + i, start: 2 * i, end: 2 * i + 2, gap: kind === "g" || undefined }));
  return { startSN: first, fragments, partList: [...growing].map((kind, index) => ({ fragment: { sn: first + whole.length }, index, gap: kind === "g" })) };
}
const level = (text, first) => ({ loadError: 0, details: playlist(text, first) });
const sixth = { type: "main", level: 0, sn: 6 };

test("a gap is everywhere when each level is known to have it", () => {
  for (const [texts, everywhere] of [
    [["mgm", "mgm"], true], [["mgm"], true], [["mgm", "mmm"], false], [["mgm", null, "mmm"], false], [["mgm", null], undefined], [["mgm", "m"], undefined], [["mgm", null, "mgm"], undefined],
  ])
    assert.equal(gapEverywhere(texts.map((text) => level(text)), sixth), everywhere, texts.join());
  assert.equal(gapEverywhere([level("mgm"), level("gm", 6)], sixth), true, "a playlist that begins later");
  assert.equal(gapEverywhere([level("mgm"), level("m", 7)], sixth), undefined, "one that begins behind it");
});

test("a playlist tells of a gap of its own where another has one, or that it does not know", () => {
  const part = { index: 2 };
  for (const [text, where, gap] of [
    ["mg", undefined, true], ["mm", undefined, false], ["m", undefined, undefined], [null, undefined, undefined], ["mg", part, true],
    ["m|mmgg", part, true], ["m|mmmg", part, true], ["m|mmmm", part, false], ["m|mmm", part, undefined], ["m|mm", part, undefined], ["m|", part, undefined], ["mm|", part, undefined],
  ])
    assert.equal(gapIn(playlist(text), { sn: 6 }, where), gap, `${text} ${where ? "a part" : "a segment"}`);
});

test("sound that all levels share tells of levels that are not known", () => {
  const levels = [level("mgm"), level(null), level("m")];
  assert.equal(gapEverywhere(levels, sixth, undefined, playlist("mgm")), true);
  assert.equal(gapEverywhere(levels, sixth, undefined, playlist("mmm")), undefined, "all pictures may be missing");
  assert.equal(gapEverywhere([...levels, level("mmm")], sixth, undefined, playlist("mgm")), false);
  assert.equal(gapEverywhere([level("m|mg"), level(null)], sixth, { index: 1 }, playlist("m|mgg")), true);
});

// What is done of an error by a controller that, like hls.js's, goes to another level and holds an error against this one.
function handled(error, levels, autoLevelEnabled = true, sound = undefined, lowLatencyMode = false) {
  const Controller = passesGaps(class {
    onError(_, data) {
      this.hls.levels[0].loadError++;
      data.errorAction = { action: 2, nextAutoLevel: 1 };
    }
  });
  const controller = new Controller();
  controller.hls = { levels, autoLevelEnabled, config: { lowLatencyMode, fragLoadPolicy: { default: { errorRetry: { maxNumRetry: 3 } } } },
                     audioTracks: sound === undefined ? [] : [{}, { details: playlist(sound) }], audioTrack: sound === undefined ? -1 : 1 };
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

const switched = (held) => ({ switches: true, held, policy: undefined });

test("at the edge it passes what sound tells of, too, and leaves a level that is lost", () => {
  const edge = (texts, sound, automatic, part) => handled({ ...gap(), part }, texts.map((text) => level(text)), automatic, sound, true);
  const part = { index: 1 };
  for (const automatic of [true, false]) {
    assert.deepEqual(edge(["m|mg", "m", null], "m|mg", automatic, part), passed, "a publisher that is away");
    assert.deepEqual(edge(["m|mg", "m", null], "m|m", automatic, part), passed, "sound has not come so far");
    assert.deepEqual(edge(["m|mg", "m", null], "m|mmm", automatic, part), switched(0), "a level that is lost, or all pictures");
    assert.deepEqual(edge(["m|mg", "m|mmm", null], "m|mmm", automatic, part), switched(1), "a level that is lost");
    assert.deepEqual(edge(["mg", "mg"], undefined, automatic), passed, "no sound, and all levels are known");
    assert.deepEqual(edge(["mg", null], undefined, automatic), switched(0), "nothing tells");
    assert.deepEqual(edge(["mg", null], null, automatic), switched(0), "nothing tells yet");
  }
});

test("who wants to be in a gap goes on behind it, or stays while there is nothing", () => {
  const at = (time, texts, sound) => behindGap({ levels: texts.map((text) => level(text)), latestLevelDetails: texts[0] === null ? null : playlist(texts[0]),
                                                audioTracks: [{ details: playlist(sound) }], audioTrack: 0 }, time);
  assert.equal(at(3, ["mgm"], null), 4.05);
  assert.equal(at(3, ["mgggm"], null), 8.05);
  assert.equal(at(1, ["mgm"], null), 1, "no gap");
  assert.equal(at(4, ["mgm"], null), 4, "behind it");
  assert.equal(at(3, ["mgg"], null), 3, "it has no end yet");
  assert.equal(at(3, ["mgm", null], "mgm"), 4.05, "as sound tells");
  assert.equal(at(3, ["mgm", null], "mmm"), 3, "a gap of one level, perhaps");
  assert.equal(at(3, ["mgm", "mmm"], "mmm"), 3, "of one level");
  assert.equal(at(3, ["mggm", "mgmm"], "mgmm"), 4.05, "of all, and then of one");
  assert.equal(at(-1, ["gm"], null), -1);
  assert.equal(at(3, [null], null), 3, "nothing is known");
});

test("a gap is passed without a header, without a picture to tell sound its clock, and without measuring how fast it comes", () => {
  const done = [];
  class Base {
    initPTS = [];
    bitrateTest = true;
    hls = { audioTracks: [{ url: "sound.m3u8", details: {} }], audioTrack: 0 };
    loadInitSegmentIfNeeded() { return "header"; }
    loadFragment() { done.push("loads"); }
  }
  class Pictures extends Base {
    loadFragment(...all) { done.push(this.bitrateTest ? "measures" : "plays"); super.loadFragment(...all); }
  }
  class Sound extends Base {
    loadFragment(segment, ...all) { if (this.initPTS[segment.cc]) super.loadFragment(segment, ...all); else done.push("waits"); }
  }
  const { streamController, audioStreamController } = loadsNoGaps({ streamController: Pictures, audioStreamController: Sound });
  const did = (Controller, segment, known, hls) => {
    const controller = new Controller();
    if (hls) controller.hls = hls;
    if (known) controller.initPTS[0] = {};
    done.length = 0;
    controller.loadFragment(segment, {}, 0);
    return [...done, controller.loadInitSegmentIfNeeded(segment) ?? "none"].join();
  };
  const media = { cc: 0, gap: false, tagList: [["INF", "2"]] };
  const missing = { cc: 0, gap: true, tagList: [["GAP"]] };
  assert.equal(did(streamController, media), "measures,loads,header");
  assert.equal(did(streamController, missing), "plays,loads,none");
  assert.equal(did(streamController, { ...media, gap: true }), "measures,loads,header", "hls.js tries what it calls a gap itself");
  const awaited = { audioTracks: [{ url: "sound.m3u8" }], audioTrack: 0 };
  assert.equal(did(streamController, missing, false, awaited), "none", "sound's playlist will tell of all levels");
  assert.equal(did(streamController, media, false, awaited), "measures,loads,header");
  assert.equal(did(streamController, missing, false, { audioTracks: [{ url: "" }], audioTrack: 0 }), "plays,loads,none", "sound is within the picture's segments");
  assert.equal(did(streamController, missing, false, { audioTracks: [], audioTrack: -1 }), "plays,loads,none");
  assert.equal(did(audioStreamController, media), "waits,header");
  assert.equal(did(audioStreamController, media, true), "loads,header");
  assert.equal(did(audioStreamController, missing), "loads,none");
  assert.equal(did(audioStreamController, missing, true), "loads,none");
  assert.throws(() => loadsNoGaps({ streamController: class {}, audioStreamController: Sound }), /no loadInitSegmentIfNeeded, loadFragment.*gap_loading\.js/);
  assert.throws(() => loadsNoGaps({ streamController: Pictures, audioStreamController: Base }), /share no loadFragment.*gap_loading\.js/);
});

test("other errors are hls.js's own matter, and another hls.js is noticed", () => {
  assert.deepEqual(handled({ details: "fragLoadError", frag: sixth }, [level("mgm"), level("mgm")]), { switches: true, held: 1, policy: undefined });
  assert.throws(() => passesGaps(class {}), /no onError.*gaps\.js/);
});
