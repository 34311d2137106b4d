// Names on standard input.
#include "app/input_lines.hpp"

#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "os/unique_fd.hpp"

using namespace sluice;

namespace {
using Lines = std::vector<std::string>;

// A pipe that has the text in it, and ends.
os::UniqueFd input_of(std::string_view text) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  os::UniqueFd in(ends[0]), out(ends[1]);
  REQUIRE(::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return in;
}

struct Read {
  Lines lines;
  Result<> how;
};
Read read(int fd, const std::string& last = {}) {
  Read read;
  read.how = app::each_input_line(fd, [&](const std::string& line, std::size_t number) -> Result<> {
    read.lines.push_back(std::to_string(number) + " " + line);
    return line == last ? fail(Errc::io, "enough") : Result<>();
  });
  return read;
}
Read read(const std::string& text, const std::string& last = {}) {
  return read(input_of(text).get(), last);
}
}  // namespace

TEST_CASE("each line is given with its number, but blank ones and remarks") {
  CHECK(read("bob\n\n  cyd\t\r\n# nobody\r\n #\n dan eve\nlast").lines ==
        Lines{"1 bob", "3 cyd", "6 dan eve", "7 last"});
  CHECK(read("").lines.empty());
  CHECK(read("").how);
}

TEST_CASE("a text is read as it is") {
  CHECK(app::read_input(input_of("a\r\n\n # b \nlast").get()).value() == "a\r\n\n # b \nlast\n");
  CHECK(app::read_input(input_of("").get()).value().empty());
}

TEST_CASE("an error of who takes the lines ends it") {
  const Read ended = read("bob\ncyd\ndan\n", "cyd");
  CHECK(ended.lines == Lines{"1 bob", "2 cyd"});
  CHECK(ended.how.error().what == "enough");
}

TEST_CASE("an input that cannot be read is no empty one") {
  const os::UniqueFd folder(::open("/tmp", O_RDONLY | O_CLOEXEC)),
      written(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  for (const int fd : {folder.get(), written.get(), -1}) {
    const Read failed = read(fd);
    CHECK(failed.lines.empty());
    REQUIRE_FALSE(failed.how);
    CHECK(failed.how.error().what.starts_with("read standard input: "));
    CHECK_FALSE(failed.how.error().hint.empty());
    CHECK_FALSE(app::read_input(fd));
  }
}

TEST_CASE("a line may have so many bytes and no more, with an end or without") {
  const std::string longest(app::longest_input_line, 'x');
  CHECK(read("bob\n" + longest + "\ncyd").lines == Lines{"1 bob", "2 " + longest, "3 cyd"});
  for (const std::string end : {"\ncyd\n", ""}) {
    const Read failed = read("bob\n" + longest + "y" + end);
    CHECK(failed.lines == Lines{"1 bob"});
    REQUIRE_FALSE(failed.how);
    CHECK(failed.how.error().code == Errc::invalid);
    CHECK(failed.how.error().what ==
          "standard input: line 2 is longer than 4096 bytes: \"" + longest.substr(0, 40) + "...\"");
    CHECK_FALSE(app::read_input(input_of("bob\n" + longest + "y" + end).get()));
  }
}

TEST_CASE("what concerns all is what the next would meet, too") {
  for (const Errc code : {Errc::unavailable, Errc::io, Errc::internal}) CHECK(app::concerns_all(code));
  for (const Errc code :
       {Errc::not_found, Errc::exists, Errc::conflict, Errc::invalid, Errc::denied, Errc::usage})
    CHECK_FALSE(app::concerns_all(code));
}
