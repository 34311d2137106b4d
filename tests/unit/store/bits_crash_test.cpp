// kill -9 in the middle of cheering: bits, total, key, audit entry and event are all there, or none is.
#include <atomic>
#include <thread>

#include <signal.h>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a killed cheerer's keys say what was paid") {
  Folder folder;
  const std::string url = "sqlite:" + (folder.path / "store.db").string();
  constexpr std::int64_t granted = 1'000'000;
  ChannelId channel;
  UserId bob;
  {
    auto store = open_store(url).value();
    channel = store->channels().add("demo", store->users().add("alice", "").value().id, "").value().id;
    bob = store->users().add("bob", "").value().id;
    REQUIRE(store->bits().grant(bob, granted, "", shell, ""));
  }
  Shared<std::atomic<std::int64_t>> done;  // keys k1…k(done) were acknowledged
  SeededRandom random(GENERATE(1, 2));
  const auto cheer = [&](Store& store, std::int64_t k) {
    return store.bits().cheer({.channel = channel, .user = bob, .text = "cheer10 more"}, shell,
                              "k" + std::to_string(k));
  };
  for (int kill = 0; kill < 8; ++kill) {
    const std::int64_t from = *done + 1, goal = *done + 1 + static_cast<std::int64_t>(random.below(12));
    pid_t child = start_process([&] {
      auto store = open_store(url);
      for (std::int64_t k = from; store; ++k) {
        if (!cheer(**store, k)) return false;
        *done = k;
      }
      return false;
    });
    while (*done < goal) std::this_thread::yield();
    for (std::uint64_t spin = random.below(20'000); spin > 0; --spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    REQUIRE(::kill(child, SIGKILL) == 0);
    CHECK(WIFSIGNALED(wait_for(child)));

    auto store = open_store(url).value();
    REQUIRE(cheer(*store, *done + 1));  // under way: paid or not, it is now, once
    ++*done;
    CHECK(store->bits().total(channel, bob).value() == 10 * *done);
    CHECK(store->bits().balance(bob).value() == granted - 10 * *done);
    CHECK(store->audit().verify().value().id == 1 + *done);
    std::int64_t told = 0;
    auto events = store->events().since(Cursor(0), 1'000'000).value();
    for (auto& event : events) told += event.name == "channel.cheer";
    CHECK(told == *done);
  }
}
