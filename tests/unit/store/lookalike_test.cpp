// People whose names would be taken for each other's.
#include <catch2/catch.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a name that looks like another user's is refused, whichever of its two names it is like") {
  Fresh fresh;
  REQUIRE(fresh->users().add("alice", "Alice in Chains"));
  REQUIRE(fresh->users().add("bob", ""));
  const auto like_alice = fresh->users().add("a1ice", "");
  CHECK(code_of(like_alice) == Errc::conflict);
  CHECK(like_alice.error().what == "the name \"a1ice\" looks like the user \"alice\"");
  CHECK_FALSE(like_alice.error().hint.empty());
  CHECK(code_of(fresh->users().add("carol", "\xd0\x92\xd0\xbe\xd0\xac")) ==
        Errc::conflict);  // BOb in Cyrillic
  CHECK(code_of(fresh->users().add("carol", "Alice  in Chains")) ==
        Errc::conflict);  // a display name's display
  CHECK(code_of(fresh->users().add("aliceinchains", "")) == Errc::conflict);
  CHECK(code_of(fresh->users().add("alice", "")) == Errc::exists);  // itself is there, and is no lookalike
  CHECK(fresh->users().list()->size() == 2);
  CHECK(fresh->users().add("carol", "Carol").has_value());
}

TEST_CASE("names that other processes added are known, and refused ones are not") {
  Fresh fresh;
  REQUIRE(fresh->users().add("alice", ""));
  auto other = open_store(fresh.url, fresh.clock, fresh.random).value();
  REQUIRE(other->users().add("bob", ""));
  CHECK(code_of(other->users().add("dave", "b0b")) == Errc::conflict);
  CHECK(code_of(fresh->users().add("b0b", "")) == Errc::conflict);
  CHECK(fresh->users().add("dave", "").has_value());
}
