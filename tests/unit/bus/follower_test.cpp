#include "bus/follower.hpp"

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::bus;
using store::Cursor;
using store::Event;

namespace {
struct Following {
  store::Fresh fresh;
  std::string bus_url = "unix:" + (fresh.folder.path / "bus").string();
  std::unique_ptr<Bus> bus = open_bus(bus_url).value();
  net::Loop loop;
  net::Offload offload{loop};
  std::vector<std::int64_t> seen;

  void write(int count) {
    for (int i = 0; i < count; ++i) REQUIRE(fresh->events().append("test.event", ChannelId(), "{}"));
  }
  // Follows until `count` events have come.
  std::unique_ptr<EventFollower> follow(Cursor since, std::size_t count, std::chrono::milliseconds look_period = std::chrono::seconds(1)) {
    return EventFollower::start(loop, offload, *fresh.store, *bus, since,
                                [this, count](const Event& event) {
                                  seen.push_back(event.cursor.value());
                                  if (seen.size() == count) loop.stop();
                                },
                                look_period)
        .value();
  }
};
std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> numbers;
  for (; from <= to; ++from) numbers.push_back(from);
  return numbers;
}
}  // namespace

TEST_CASE("events from before the start come first, batch after batch") {
  Following f;
  f.write(1203);
  auto follower = f.follow(Cursor(3), 1200);
  f.loop.run();
  CHECK(f.seen == range(4, 1203));
  CHECK(follower->cursor() == Cursor(1203));
}

TEST_CASE("a nudge brings an event without a look") {
  Following f;
  f.fresh->on_events = [&](Cursor cursor) { f.bus->nudge(cursor); };
  auto follower = f.follow(Cursor(0), 20, std::chrono::hours(1));
  net::Timer timer(f.loop);
  timer.every(milliseconds(5), [&] { f.write(1); });
  f.loop.run();
  CHECK(f.seen.size() >= 20);  // the last batch may have held more
  CHECK(f.seen == range(1, static_cast<std::int64_t>(f.seen.size())));
}

TEST_CASE("without any nudge the event comes by the next look") {
  Following f;
  auto follower = f.follow(Cursor(0), 3);
  net::Timer timer(f.loop);
  timer.after(milliseconds(100), [&] { f.write(3); });
  f.loop.run();
  CHECK(f.seen == range(1, 3));
}

TEST_CASE("processes that write at once lose and repeat nothing") {
  Following f;
  constexpr int writers = 4, each = 50;
  std::vector<pid_t> children;
  for (int i = 0; i < writers; ++i)
    children.push_back(store::start_process([&] {
      auto bus = open_bus(f.bus_url).value();
      auto store = store::open_store(f.fresh.url).value();
      store->on_events = [&](Cursor cursor) { bus->nudge(cursor); };
      for (int n = 0; n < each; ++n)
        if (!store->events().append("test.event", ChannelId(), "{}")) return false;
      return true;
    }));
  auto follower = f.follow(Cursor(0), writers * each);
  f.loop.run();
  for (pid_t child : children) CHECK(store::wait_for(child) == 0);
  CHECK(f.seen == range(1, writers * each));
}

TEST_CASE("a follower may end itself in the middle of a batch") {
  Following f;
  f.write(10);
  std::unique_ptr<EventFollower> follower;
  follower =
      EventFollower::start(f.loop, f.offload, *f.fresh.store, *f.bus, Cursor(0), [&](const Event& event) {
        f.seen.push_back(event.cursor.value());
        if (f.seen.size() == 4) {
          follower.reset();
          f.loop.stop();
        }
      }).value();
  f.loop.run();
  CHECK(f.seen == range(1, 4));
}
