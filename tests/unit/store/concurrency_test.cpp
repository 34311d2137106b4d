#include <array>
#include <thread>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;
using Counter = std::atomic<int>;

namespace {
constexpr int processes = 6;
std::unique_ptr<Store> open_again(const std::string& url) {
  auto store = open_store(url);
  return store ? *std::move(store) : nullptr;
}
}  // namespace

TEST_CASE("processes that start at once share one migration") {
  for (int round = 0; round < 5; ++round) {
    Folder folder;
    std::string url = "sqlite:" + (folder.path / "new" / "store.db").string();
    run_processes(processes, [&](int i) {
      auto store = open_again(url);
      return store && store->users().add("user" + std::to_string(i), "").has_value();
    });
    CHECK(open_again(url)->users().list().value().size() == processes);
  }
}

TEST_CASE("of many nodes one takes the lease") {
  Fresh fresh;
  constexpr int rounds = 30;
  Shared<std::array<Counter, rounds>> winners;
  run_processes(processes, [&](int i) {
    auto store = open_again(fresh.url);
    for (int round = 0; round < rounds; ++round) {
      std::string me = "node" + std::to_string(i);
      auto taken = store->leases().take("round" + std::to_string(round), me, me, std::chrono::hours(1));
      if (taken) ++(*winners)[round];
      if (!taken && taken.error().code != Errc::conflict) return false;
    }
    return true;
  });
  for (Counter& winner : *winners) CHECK(winner == 1);
}

TEST_CASE("a lapsed lease is taken over by one") {
  Fresh fresh;
  REQUIRE(fresh->leases().take("l", "dead", "dead", milliseconds(1)));  // in the past of the machine's clock
  Shared<Counter> winners;
  run_processes(processes, [&](int i) {
    auto store = open_again(fresh.url);
    std::string me = "node" + std::to_string(i);
    auto taken = store->leases().take("l", me, me, std::chrono::hours(1));
    if (taken && taken->how == LeaseTake::taken_over) ++*winners;
    return taken || taken.error().code == Errc::conflict;
  });
  CHECK(*winners == 1);
}

TEST_CASE("of keys rotated at once one opens the channel") {
  Fresh fresh;
  Channel channel = fresh.channel();
  Shared<std::array<std::array<char, 33>, processes>> keys;
  run_processes(processes, [&](int i) {
    auto store = open_again(fresh.url);
    for (int turn = 0; turn < 10; ++turn) {
      auto key = store->credentials().rotate_key(channel.id, shell);
      if (!key) return false;
      key->copy((*keys)[i].data(), 32);
    }
    return true;
  });
  int opening = 0;
  for (auto& key : *keys) opening += fresh->credentials().channel_by_key(key.data()).has_value();
  CHECK(opening == 1);
  CHECK(fresh->audit().since(0, 1000).value().size() == 10 * processes);
  CHECK(fresh->audit().verify());
}

TEST_CASE("a ticket that many show is swapped once") {
  Fresh fresh;
  auto store = open_again(fresh.url);
  User alice = store->users().add("alice", "").value();
  auto token = store->credentials().issue_token(alice.id, {platform::Scope::chat_read}, {}, shell).value();
  for (int round = 0; round < 5; ++round) {
    Ticket ticket = store->credentials().issue_ticket(token.secret).value();
    Shared<Counter> swapped;
    run_processes(processes, [&](int) {
      auto mine = open_again(fresh.url);
      auto bearer = mine->credentials().swap_ticket(ticket.secret);
      if (bearer) ++*swapped;
      return bearer || bearer.error().code == Errc::denied;
    });
    CHECK(*swapped == 1);
  }
}

TEST_CASE("a reader that follows the cursor misses nothing that many write at once") {
  Fresh fresh;
  constexpr int each = 60;
  std::vector<pid_t> writers;
  for (int i = 0; i < processes; ++i)
    writers.push_back(start_process([&, i] {
      auto store = open_again(fresh.url);
      for (int n = 0; n < each; ++n)
        if (!store->events().append("test.event", ChannelId(), "{\"w\":" + std::to_string(i) + "}"))
          return false;
      return true;
    }));
  std::vector<std::int64_t> seen;
  while (seen.size() < each * processes) {
    auto more = fresh->events().since(Cursor(seen.empty() ? 0 : seen.back()), 7).value();
    for (auto& event : more) seen.push_back(event.cursor.value());
    if (more.empty()) std::this_thread::yield();
  }
  for (pid_t writer : writers) CHECK(wait_for(writer) == 0);
  auto all = fresh->events().since(Cursor(0), 10'000).value();
  REQUIRE(all.size() == seen.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].cursor.value() == seen[i]);
}

TEST_CASE("threads of one process share a store") {
  Fresh fresh;
  Channel channel = fresh.channel();
  std::atomic<int> written{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 25; ++n) written += fresh->channels().set_title(channel.id, "t", {}).has_value();
      });
  }
  CHECK(written == 100);
  CHECK(fresh->channels().by_id(channel.id).value().version == 101);
}

TEST_CASE("of titles set from one version one is kept") {
  Fresh fresh;
  Channel channel = fresh.channel();
  Shared<Counter> kept;
  run_processes(processes, [&](int i) {
    auto store = open_again(fresh.url);
    auto set = store->channels().set_title(channel.id, "from " + std::to_string(i), 1);
    if (set) ++*kept;
    return set || set.error().code == Errc::conflict;
  });
  CHECK(*kept == 1);
  CHECK(fresh->channels().by_id(channel.id).value().version == 2);
}
