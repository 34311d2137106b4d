// Entries of word lists as people write them.
#include "words/entries.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::words;
using store::WordAction;
using store::WordEntry;
using store::WordKind;

TEST_CASE("an entry is read as it is written in a list's file") {
  CHECK(read_entry("darn it").value() == WordEntry{"darn it", WordKind::phrase, WordAction::block});
  CHECK(read_entry("hold custom /h+eck/").value() == WordEntry{"h+eck", WordKind::pattern, WordAction::hold});
  CHECK(read_entry("block custom #1 in all").value().text == "#1 in all");
  CHECK(read_entry("block custom hold the line").value().text == "hold the line");
  CHECK(line_of({"h+eck", WordKind::pattern, WordAction::hold}) == "hold custom /h+eck/");
}

TEST_CASE("what is no entry is refused, and said what is wrong") {
  for (const auto& [line, what] :
       {std::pair("/b[/", "b["), std::pair("# a remark", "not one entry"), std::pair("", "not one entry"),
        std::pair("one\ntwo", "not one entry"), std::pair("block Bad! x", "'Bad!' is no category")}) {
    const auto entry = read_entry(line);
    INFO(line);
    REQUIRE_FALSE(entry);
    CHECK(entry.error().code == Errc::invalid);
    CHECK_THAT(entry.error().what, Catch::Matchers::Contains(what) && !Catch::Matchers::Contains("line 1"));
  }
  for (const char* heavy : {"/(\\pL{900}a|heck0)/", "/\\pL{1000}/", "/.{0,600}x/"})
    CHECK_THAT(read_entry(heavy).error().what, Catch::Matchers::Contains("the pattern is too large"));
  for (const char* fine : {"/\\b[\\pL\\pN]{1,3}\\b/", "/h[\\W_]*e[\\W_]*c[\\W_]*k/", "/(\\d[ -]?){13,16}/"})
    CHECK(read_entry(fine));
  CHECK_FALSE(read_entry(std::string(101, 'x')));
  CHECK_FALSE(read_entries("fine\n/b[/\n"));
}

TEST_CASE("whatever is on a list can be dropped from it, in any capitals") {
  const std::vector<WordEntry> there{{"Heck", WordKind::phrase, WordAction::hold}, {"b[", WordKind::pattern}};
  CHECK(read_entry_to_drop("/b[/", there).value().text == "b[");
  CHECK(read_entry_to_drop("block custom hECK", there).value().text == "Heck");
  CHECK(read_entry_to_drop("darn", there).value().text == "darn");
  CHECK(read_entry_to_drop("/B[/", there).value().text == "B[");  // \W is not \w
  CHECK(read_entries_to_drop("/b[/\n/\\pL{900}a/\n").value().size() == 2);
  CHECK(with_part(there, "ECK").value() == std::vector<WordEntry>{there[0]});
  CHECK(with_part(there, "hold").value().empty());
  CHECK(with_part(there, "").value() == there);
}
