#include "icu/look.hpp"

#include <catch2/catch.hpp>

using sluice::icu_text::look_of;

TEST_CASE("what readers take for each other has one look") {
  const std::pair<const char*, const char*> alike[] = {
      {"Ada", "ada"},
      {"ada", "\xd0\xb0\x64\xd0\xb0"},  // Cyrillic a
      {"BOB", "\xd0\x92\x4f\xd0\x92"},  // Cyrillic capital Ve
      {"Alice", "AIice"},               // capital i
      {"alice", "a1ice"},               // one
      {"bob", "b0b"},                   // zero
      {"corn", "com"},                  // r and n
      {"ada",
       "a\xe2\x80\x8b"
       "d\xe2\x80\x8d"
       "a"},                                                        // zero-width space, joiner
      {"ada", "\xef\xbd\x81\xef\xbd\x84\xef\xbd\x81"},              // full width
      {"ada", "\xf0\x9d\x90\x9a\xf0\x9d\x90\x9d\xf0\x9d\x90\x9a"},  // mathematical bold
      {"ada", "a d a"},
      {"\xc3\xa9va", "e\xcc\x81va"},  // composed and not
  };
  for (const auto& [one, other] : alike) {
    CAPTURE(one, other);
    CHECK(look_of(one) == look_of(other));
  }
}

TEST_CASE("what differs to the eye differs") {
  const std::pair<const char*, const char*> apart[] = {
      {"ada", "adam"}, {"bob", "bab"}, {"\xc3\xa9va", "eva"}, {"user1", "user2"}, {"ada", "\xd0\xb4\xd0\xb0"},
  };
  for (const auto& [one, other] : apart) {
    CAPTURE(one, other);
    CHECK(look_of(one) != look_of(other));
  }
  CHECK(look_of("\xe2\x80\x8b\xe3\x85\xa4 ").empty());
  CHECK(look_of("").empty());
  CHECK_FALSE(look_of("\xff\xfe").empty());  // broken text has a look too
}
