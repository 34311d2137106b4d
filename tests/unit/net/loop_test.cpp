#include <unistd.h>

#include <catch2/catch.hpp>
#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "net/loop.hpp"

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE("a timer fires once, a rhythm until cancelled") {
  net::Loop loop;
  net::Timer once(loop), rhythm(loop), end(loop);
  int fired = 0, beats = 0;
  once.after(1ms, [&] { ++fired; });
  rhythm.every(2ms, [&] {
    if (++beats == 3) {
      rhythm.cancel();
      end.after(10ms, [&] { loop.stop(); });
    }
  });
  loop.run();
  CHECK(fired == 1);
  CHECK(beats == 3);
}

TEST_CASE("a destroyed or replaced timer never calls") {
  net::Loop loop;
  bool wrong = false;
  net::Timer replaced(loop), end(loop);
  {
    net::Timer gone(loop);
    gone.after(0ms, [&] { wrong = true; });
  }
  replaced.after(0ms, [&] { wrong = true; });
  replaced.after(1ms, [] {});
  end.after(10ms, [&] { loop.stop(); });
  loop.run();
  CHECK_FALSE(wrong);
}

TEST_CASE("a watch reports each readiness and ends when destroyed inside its own call") {
  net::Loop loop;
  int fds[2];
  REQUIRE(::pipe(fds) == 0);
  auto watch = std::make_optional<net::FdWatch>(loop, fds[0]);
  int calls = 0;
  watch->on_readable([&] {
    char c;
    REQUIRE(::read(fds[0], &c, 1) == 1);
    if (++calls == 2) {
      watch.reset();
      loop.stop();
    }
  });
  REQUIRE(::write(fds[1], "abc", 3) == 3);
  loop.run();
  CHECK(calls == 2);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_CASE("offloaded work runs in order elsewhere and reports on the loop") {
  net::Loop loop;
  net::Offload offload(loop);
  const auto here = std::this_thread::get_id();
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    offload.run(
        [i, here] {
          // Assertions are made on this test's own thread only.
          return std::pair(i, std::this_thread::get_id() != here);
        },
        [&](std::pair<int, bool> done) {
          CHECK(done.second);
          CHECK(std::this_thread::get_id() == here);
          order.push_back(done.first);
          if (done.first == 99) loop.stop();
        });
  }
  loop.run();
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}
