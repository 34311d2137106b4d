// kill -9 in the middle of writing: what was acknowledged is there, and a change and its event are both there
// or neither.
#include <thread>

#include <signal.h>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a killed writer leaves whole transactions behind") {
  Folder folder;
  std::string url = "sqlite:" + (folder.path / "store.db").string();
  ChannelId channel;
  {
    auto store = open_store(url).value();
    channel = store->channels().add("demo", store->users().add("alice", "").value().id, "").value().id;
  }
  Shared<std::atomic<std::int64_t>> acknowledged;
  SeededRandom random(GENERATE(1, 2, 3));
  *acknowledged = 1;
  for (int kill = 0; kill < 10; ++kill) {
    std::int64_t goal = *acknowledged + 1 + static_cast<std::int64_t>(random.below(30));
    pid_t writer = start_process([&] {
      auto store = open_store(url);
      while (store) {
        auto set = (*store)->channels().set_title(channel, "next", {});
        if (!set || !(*store)->credentials().rotate_key(channel, shell)) return false;
        *acknowledged = set->version;
      }
      return false;
    });
    while (*acknowledged < goal) std::this_thread::yield();
    for (std::uint64_t spin = random.below(20'000); spin > 0; --spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    REQUIRE(::kill(writer, SIGKILL) == 0);
    CHECK(WIFSIGNALED(wait_for(writer)));

    auto store = open_store(url).value();
    std::int64_t version = store->channels().by_id(channel).value().version;
    CHECK(version >= *acknowledged);
    std::int64_t updates = 0, keys = 0;
    auto events = store->events().since(Cursor(0), 100'000).value();
    for (auto& event : events) {
      updates += event.name == "channel.update";
      keys += event.name == "stream_key.regenerate";
    }
    CHECK(updates == version - 1);
    CHECK(keys == static_cast<std::int64_t>(store->audit().since(0, 100'000).value().size()));
    CHECK(store->audit().verify());
    *acknowledged = version;
  }
}
