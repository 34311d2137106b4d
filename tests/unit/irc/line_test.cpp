#include "irc/line.hpp"

#include <catch2/catch.hpp>

#include "unit/irc/split.hpp"

using namespace sluice;
using irc::LineSplitter;

namespace {
std::string lines_of(std::vector<std::string_view> pieces, std::size_t limit = 20) {
  LineSplitter splitter(limit);
  std::string out;
  for (std::string_view piece : pieces) {
    splitter.feed(as_bytes(piece));
    while (auto line = splitter.next()) out += (line->too_long ? "!" : "") + std::string(line->text) + "|";
  }
  return out;
}
}  // namespace

TEST_CASE("lines end with LF or CR LF, and empty ones are nothing") {
  CHECK(lines_of({"NICK a\r\nJOIN #b\n\r\n\nPART\r\nrest"}) == "NICK a|JOIN #b|PART|");
}

TEST_CASE("a line that is too long is told once, and the next one is read") {
  CHECK(lines_of({"12345678901234567890\r\nx\r\n"}) == "12345678901234567890|x|");
  CHECK(lines_of({"123456789012345678901\r\nx\r\n"}) == "!12345678901234567890|x|");
}

TEST_CASE("lines are the same wherever the bytes are cut") {
  for (std::string_view input :
       {"NICK a\r\nJOIN #b\n\r\n\nPART\r\nrest", "12345678901234567890\r\n123456789012345678901\r\nx\r\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\r\nb\r\n", "\r\r\r\n\n\ra\n"}) {
    CHECK(first_difference(input, [](auto pieces) { return lines_of(pieces); }) == lines_of({input}));
  }
}

TEST_CASE("a WebSocket message ends its line") {
  LineSplitter splitter;
  splitter.feed(as_bytes("PING"));
  CHECK_FALSE(splitter.next());
  splitter.end_of_message();
  CHECK(splitter.next()->text == "PING");
  splitter.feed(as_bytes("PING\r\n"));
  splitter.end_of_message();
  CHECK(splitter.next()->text == "PING");
  CHECK_FALSE(splitter.next());
}

TEST_CASE("the end of a WebSocket message also ends a line that was too long") {
  LineSplitter splitter(4);
  splitter.feed(as_bytes("123456789"));
  CHECK(splitter.next()->too_long);
  splitter.end_of_message();
  splitter.feed(as_bytes("ok\r\n"));
  CHECK(splitter.next()->text == "ok");
}
