#include "os/crew.hpp"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("each piece is done once, by whoever is awake, and all are when the call returns") {
  const std::size_t helpers = GENERATE(0, 1, 3);
  os::Crew crew(helpers);
  std::uint64_t alone = 0;  // no lock: what the helpers did is there when they are waited for
  for (int call = 0; call < 2000; ++call) {
    const std::size_t pieces = static_cast<std::size_t>(call % 17);
    std::vector<int> done(pieces, 0);
    crew.work(pieces, [&](std::size_t piece) { ++done[piece]; });
    for (const int times : done) {
      CHECK(times == 1);
      alone += static_cast<std::uint64_t>(times);
    }
  }
  CHECK(alone == 117 * (16 * 17 / 2) + 10 * 11 / 2);
}

TEST_CASE("helpers do work at the same time as who asks") {
  os::Crew crew(2);
  std::atomic<int> inside{0};
  crew.work(3, [&](std::size_t) {
    ++inside;
    while (inside < 3) std::this_thread::yield();  // for ever, were there no three threads at it
  });
  CHECK(inside == 3);
}

TEST_CASE("who asks waits for a helper that takes longer") {
  os::Crew crew(1);
  const auto asker = std::this_thread::get_id();
  for (int call = 0; call < 5; ++call) {
    std::atomic<bool> begun{false}, done{false};
    crew.work(2, [&](std::size_t) {
      if (std::this_thread::get_id() == asker) {
        while (!begun) std::this_thread::yield();
        return;
      }
      begun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      done = true;
    });
    REQUIRE(done);
  }
}

TEST_CASE("a process has at least a core") {
  CHECK(os::usable_cores() >= 1);
}
