// kill -9 in the middle of subscribing: a subscription, its key, its audit entry and its event are all there,
// or none is; and who repeats the key learns which.
#include <atomic>
#include <thread>

#include <nlohmann/json.hpp>
#include <signal.h>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::Plan;

TEST_CASE("a killed subscriber's keys say what was done") {
  Folder folder;
  const std::string url = "sqlite:" + (folder.path / "store.db").string();
  ChannelId channel;
  UserId bob;
  {
    auto store = open_store(url).value();
    channel = store->channels().add("demo", store->users().add("alice", "").value().id, "").value().id;
    bob = store->users().add("bob", "").value().id;
    REQUIRE(store->subscriptions().subscribe(channel, bob, Plan::tier1, shell, "k0"));
  }
  Shared<std::atomic<std::int64_t>> done;  // keys k1…k(done) were acknowledged
  SeededRandom random(GENERATE(1, 2));
  for (int kill = 0; kill < 8; ++kill) {
    const std::int64_t from = *done + 1, goal = *done + 1 + static_cast<std::int64_t>(random.below(12));
    pid_t child = start_process([&] {
      auto store = open_store(url);
      for (std::int64_t k = from; store; ++k) {
        if (!(*store)->subscriptions().renew(channel, bob, Plan::tier1, shell, "k" + std::to_string(k)))
          return false;
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
    // The key that was under way: done or not, it is now, once.
    const std::string key = "k" + std::to_string(*done + 1);
    REQUIRE(store->subscriptions().renew(channel, bob, Plan::tier1, shell, key));
    ++*done;
    const std::int64_t months = store->subscriptions().find(channel, bob).value()->months;
    CHECK(months == *done + 1);
    CHECK(store->audit().verify().value().id == months);
    std::int64_t told = 0;
    auto events = store->events().since(Cursor(0), 1'000'000).value();
    for (auto& event : events) told += event.name.starts_with("channel.subs");
    CHECK(told == months);
  }
}
