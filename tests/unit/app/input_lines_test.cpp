// Names on standard input.
#include "app/input_lines.hpp"

#include <sstream>
#include <streambuf>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;

namespace {
using Lines = std::vector<std::string>;

struct Read {
  Lines lines;
  Result<> how;
};
Read read(std::istream& in, const std::string& last = {}) {
  Read read;
  read.how = app::each_input_line(in, [&](const std::string& line, std::size_t number) -> Result<> {
    read.lines.push_back(std::to_string(number) + " " + line);
    return line == last ? fail(Errc::io, "enough") : Result<>();
  });
  return read;
}
Read read(const std::string& text, const std::string& last = {}) {
  std::istringstream in(text);
  return read(in, last);
}

// A disk that fails after the first bytes.
struct Broken : std::streambuf {
  char bytes[4] = {'b', 'o', 'b', '\n'};
  Broken() { setg(bytes, bytes, bytes + 4); }
  int_type underflow() override { throw std::runtime_error("the disk is broken"); }
};
}  // namespace

TEST_CASE("each line is given with its number, but blank ones and remarks") {
  CHECK(read("bob\n\n  cyd\t\r\n# nobody\r\n #\n dan eve\nlast").lines ==
        Lines{"1 bob", "3 cyd", "6 dan eve", "7 last"});
  CHECK(read("").lines.empty());
  CHECK(read("").how);
}

TEST_CASE("an error ends it, of who takes the lines or of the reading") {
  const Read ended = read("bob\ncyd\ndan\n", "cyd");
  CHECK(ended.lines == Lines{"1 bob", "2 cyd"});
  CHECK(ended.how.error().what == "enough");
  Broken broken;
  std::istream in(&broken);
  const Read cut = read(in);
  CHECK(cut.lines == Lines{"1 bob"});
  REQUIRE_FALSE(cut.how);
  CHECK(cut.how.error().code == Errc::io);
}

TEST_CASE("what concerns all is what the next would meet, too") {
  for (const Errc code : {Errc::unavailable, Errc::io, Errc::internal}) CHECK(app::concerns_all(code));
  for (const Errc code :
       {Errc::not_found, Errc::exists, Errc::conflict, Errc::invalid, Errc::denied, Errc::usage})
    CHECK_FALSE(app::concerns_all(code));
}
