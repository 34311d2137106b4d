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
  CHECK_FALSE(read_entry(std::string(101, 'x')));
  CHECK_FALSE(read_entries("fine\n/b[/\n"));
}
