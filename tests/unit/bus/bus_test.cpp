#include "bus/bus.hpp"

#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>

#include "bus/unix_bus.hpp"
#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::bus;
using store::Cursor;

namespace {
struct Place {
  store::Folder folder;
  std::filesystem::path directory = folder.path / "bus";
  std::string url = "unix:" + directory.string();
  std::size_t sockets() {
    return std::distance(std::filesystem::directory_iterator(directory),
                         std::filesystem::directory_iterator());
  }
};
}  // namespace

TEST_CASE("a nudge is read back, and nothing else is one") {
  CHECK(parse_nudge(nudge_text(Cursor(42))) == Cursor(42));
  for (const char* bad : {"", "events", "events 7", "events \n", "events -1\n", "events 0\n", "events 7x\n",
                          "event 7\n", "events 99999999999999999999\n"})
    CHECK_FALSE(parse_nudge(bad));
}

TEST_CASE("every subscriber is nudged") {
  Place place;
  net::Loop loop;
  auto bus = open_bus(place.url).value();
  std::vector<std::int64_t> first, second;
  auto done = [&] {
    if (!first.empty() && !second.empty() && first.back() == 9 && second.back() == 9) loop.stop();
  };
  auto one = bus->subscribe(loop, [&](Cursor c) { first.push_back(c.value()), done(); }).value();
  auto two = bus->subscribe(loop, [&](Cursor c) { second.push_back(c.value()), done(); }).value();
  CHECK(place.sockets() == 2);
  bus->nudge(Cursor(7));
  bus->nudge(Cursor(9));
  bus->nudge(Cursor(8));
  loop.run();
  CHECK(first == std::vector<std::int64_t>{9});  // of those that arrive together, the greatest
  CHECK(second == first);
  one.reset();
  two.reset();
  CHECK(place.sockets() == 0);
  bus->nudge(Cursor(10));
}

TEST_CASE("a nudge crosses processes") {
  Place place;
  net::Loop loop;
  auto bus = open_bus(place.url).value();
  std::int64_t got = 0;
  auto subscription = bus->subscribe(loop, [&](Cursor c) { got = c.value(), loop.stop(); }).value();
  pid_t child = store::start_process([&] {
    auto theirs = open_bus(place.url);
    if (theirs) (*theirs)->nudge(Cursor(5));
    return theirs.has_value();
  });
  loop.run();
  CHECK(got == 5);
  CHECK(store::wait_for(child) == 0);
}

TEST_CASE("the socket of a dead subscriber is removed by the next nudge") {
  Place place;
  auto bus = open_bus(place.url).value();
  pid_t child = store::start_process([&]() -> bool {
    auto theirs = open_bus(place.url).value();
    net::Loop loop;
    auto subscription = theirs->subscribe(loop, [](Cursor) {});
    ::_exit(subscription ? 0 : 1);  // as if killed
  });
  CHECK(store::wait_for(child) == 0);
  CHECK(place.sockets() == 1);
  std::ofstream(place.directory / "notes.txt") << "not ours to remove";
  bus->nudge(Cursor(1));
  CHECK(place.sockets() == 1);
  CHECK(std::filesystem::exists(place.directory / "notes.txt"));
}

TEST_CASE("a subscriber that does not read holds nobody up") {
  Place place;
  net::Loop loop;
  auto bus = open_bus(place.url).value();
  std::int64_t got = 0;
  auto subscription = bus->subscribe(loop, [&](Cursor c) { got = c.value(), loop.stop(); }).value();
  for (int i = 1; i <= 5000; ++i) bus->nudge(Cursor(i));
  loop.run();
  CHECK(got >= 1);
  CHECK(place.sockets() == 1);
}

TEST_CASE("the directory is its owner's alone, and may lie deep") {
  Place place;
  std::filesystem::path deep = place.directory / std::string(120, 'd') / std::string(120, 'e');
  auto bus = open_bus("unix:" + deep.string()).value();
  struct stat status;
  REQUIRE(::stat(deep.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  net::Loop loop;
  bool got = false;
  auto subscription = bus->subscribe(loop, [&](Cursor) { got = true, loop.stop(); }).value();
  bus->nudge(Cursor(1));
  loop.run();
  CHECK(got);

  ::chmod(deep.c_str(), 0755);
  auto again = open_bus("unix:" + deep.string());
  REQUIRE(again);
  REQUIRE(::stat(deep.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(store::code_of(open_bus("tcp:x")) == Errc::config);
  CHECK(store::code_of(open_bus("unix:")) == Errc::config);
}
