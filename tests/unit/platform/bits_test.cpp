#include "platform/bits.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("cheer words are counted and other words are not") {
  CHECK(cheered_bits("Cheer100 hello cheer50") == 150);
  CHECK(cheered_bits("cheer1") == 1);
  CHECK(cheered_bits("CHEER7 cheer7") == 14);
  for (const char* words : {"", "cheer", "cheer0", "cheer01", "cheer100!", "acheer100", "cheer 100",
                            "cheer-5", "cheer1.5", "cheers100",
                            "ch\xc3\xa9"
                            "er100",
                            "cheer\xd9\xa1"})
    CHECK(cheered_bits(words) == 0);
}

TEST_CASE("what is too much stays so, however much it is") {
  CHECK(cheered_bits("cheer100000") == most_bits);
  CHECK(cheered_bits("cheer100001") == most_bits + 1);
  CHECK(cheered_bits("cheer60000 cheer60000") == most_bits + 1);
  CHECK(cheered_bits("cheer99999999999999999999999 cheer9223372036854775807") == most_bits + 1);
}

TEST_CASE("any bytes are read, and the sum is that of the halves at a blank") {
  SeededRandom random(5);
  constexpr std::string_view alphabet = "cheerCHEER0123456789 \xff\xc3\xa9\n";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto n = random.below(60); n > 0; --n) text += alphabet[random.below(alphabet.size())];
    const std::int64_t bits = cheered_bits(text);
    CHECK((bits >= 0 && bits <= most_bits + 1));
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos) continue;
    CHECK(bits ==
          std::min(cheered_bits(text.substr(0, blank)) + cheered_bits(text.substr(blank)), most_bits + 1));
  }
}

TEST_CASE("the badge of a total") {
  CHECK(bits_badge(0) == 0);
  CHECK(bits_badge(1) == 1);
  CHECK(bits_badge(99) == 1);
  CHECK(bits_badge(100) == 100);
  CHECK(bits_badge(24'999) == 10'000);
  CHECK(bits_badge(25'000) == 25'000);
  CHECK(bits_badge(1'000'000'000) == 5'000'000);
  CHECK(bits_metal(0).empty());
  CHECK(bits_metal(bits_badge(999)) == "bronze");
  CHECK(bits_metal(bits_badge(1'000)) == "silver");
  CHECK(bits_metal(bits_badge(9'999)) == "silver");
  CHECK(bits_metal(bits_badge(10'000)) == "gold");
}
