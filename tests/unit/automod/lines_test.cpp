// Lines, cut anywhere.
#include "automod/lines.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::automod;

namespace {
// Every line of `bytes`, fed in two pieces; too long ones as "!".
std::vector<std::string> lines_of(std::string_view bytes, std::size_t cut) {
  Lines lines;
  std::vector<std::string> out;
  const auto take = [&] {
    while (const auto line = lines.next()) out.push_back(line->too_long ? "!" : std::string(line->text));
  };
  lines.feed(as_bytes(bytes.substr(0, cut)));
  take();
  lines.feed(as_bytes(bytes.substr(cut)));
  take();
  if (const auto line = lines.last()) out.push_back(line->too_long ? "!" : std::string(line->text));
  return out;
}
using Strings = std::vector<std::string>;
}  // namespace

TEST_CASE("lines are the same wherever they are cut") {
  const std::string bytes = "one\n\ntwo\r\nthree";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
    CHECK(lines_of(bytes, cut) == Strings{"one", "", "two\r", "three"});
  CHECK(lines_of("", 0).empty());
  CHECK(lines_of("\n", 0) == Strings{""});
}

TEST_CASE("a line that is too long is told once, and what follows is read") {
  const std::string longest(longest_line, 'a');
  const std::string bytes = longest + "\n" + longest + std::string(200, 'a') + "\nb\n" + longest + "aaaa";
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 97)
    CHECK(lines_of(bytes, cut) == Strings{longest, "!", "b", "!"});
}
