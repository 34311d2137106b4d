// What badges stand for.
import assert from "node:assert/strict";
import test from "node:test";

import { badge } from "../../cmd/webd/pages/src/chat/badges.js";

const title = (...of) => badge(of)?.title;

test("a subscriber's tell tier and months", () => {
  assert.equal(title("subscriber", "0"), "Subscriber");
  assert.equal(title("subscriber", "6"), "Subscriber, 6 months");
  assert.equal(title("subscriber", "2003"), "Subscriber, tier 2, 3 months");
  assert.equal(title("subscriber", "3000"), "Subscriber, tier 3");
  assert.equal(title("founder", "0"), "Founder");
});

test("bits are bronze, silver and gold", () => {
  assert.deepEqual([1, 100, 1000, 5000, 10_000, 5_000_000].map((step) => badge(["bits", String(step)]).look), ["bits bronze", "bits bronze", "bits silver", "bits silver", "bits gold", "bits gold"]);
  assert.equal(title("bits", "1"), "Cheered 1 bit");
  assert.match(title("bits", "100"), /^Cheered 100 bits or more$/);
});

test("an account's are told in words", () => {
  assert.deepEqual([title("turbo", "1"), title("premium", "1")], ["Turbo", "Prime"]);
});

test("what is not known is not shown, whatever it is called", () => {
  for (const set of ["prime", "", "constructor", "__proto__", "<b>"]) assert.equal(badge([set, "1"]), null, set);
  for (const version of ["0", "-1", "x", "1.5", ""]) assert.equal(badge(["bits", version]), null, version);
  assert.equal(title("subscriber", "x"), "Subscriber");
});
