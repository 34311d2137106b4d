// Several processes moderate at once.
#include <array>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
using Counter = std::atomic<int>;
std::unique_ptr<Store> open_again(const std::string& url) {
  auto store = open_store(url);
  return store ? *std::move(store) : nullptr;
}
}  // namespace

TEST_CASE("processes that grant and ban at once leave one whole chain") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  Shared<Counter> changes;
  constexpr int turns = 40;
  run_processes(2, [&](int) {
    auto store = open_again(fresh.url);
    for (int turn = 0; turn < turns; ++turn) {
      auto granted = store->roles().grant(demo.id, bob.id, Role::moderator, shell, "");
      auto banned = store->bans().ban(demo.id, bob.id, seconds(3600), "", shell);
      auto revoked = store->roles().revoke(demo.id, bob.id, Role::moderator, shell, "");
      auto lifted = store->bans().lift(demo.id, bob.id, "", shell);
      if (!granted || !banned || !revoked) return false;
      if (!lifted && lifted.error().code != Errc::not_found) return false;
      *changes += *granted + 1 + *revoked + lifted.has_value();
      if (!store->audit().verify()) return false;  // while the other one appends
    }
    return true;
  });
  CHECK(fresh->audit().verify().value().id == *changes);
  CHECK(fresh->events().last().value() == Cursor(*changes + 1));
  CHECK(*changes > 2 * 2 * turns - turns);
}

TEST_CASE("of moderators that decide at once one decides") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  constexpr int messages = 20;
  for (int i = 0; i < messages; ++i)
    REQUIRE(fresh->held_messages().hold(
        {.id = "m" + std::to_string(i), .channel = demo.id, .user = bob.id, .text = "x", .whole = "{}"}));
  Shared<std::array<Counter, messages>> decided;
  run_processes(4, [&](int process) {
    auto store = open_again(fresh.url);
    for (int i = 0; i < messages; ++i) {
      auto verdict = process % 2 ? HeldVerdict::allow : HeldVerdict::deny;
      auto mine = store->held_messages().decide("m" + std::to_string(i), verdict, "", shell);
      if (mine) ++(*decided)[i];
      if (!mine && mine.error().code != Errc::conflict) return false;
    }
    return true;
  });
  for (Counter& count : *decided) CHECK(count == 1);
  CHECK(fresh->audit().verify().value().id == messages);
}

TEST_CASE("a message that many hold at once is held once") {
  Fresh fresh;
  Channel demo = fresh.channel();
  run_processes(4, [&](int process) {
    auto store = open_again(fresh.url);
    for (int i = 0; i < 20; ++i)
      if (!store->held_messages().hold({.id = "m" + std::to_string(i),
                                        .channel = demo.id,
                                        .user = demo.owner,
                                        .text = std::to_string(process),
                                        .whole = "{}"}))
        return false;
    return true;
  });
  CHECK(fresh->held_messages().queue(demo.id, 0, 100).value().size() == 20);
  CHECK(fresh->events().last().value() == Cursor(21));
}

TEST_CASE("changes of word lists that are made at once have numbers of their own") {
  Fresh fresh;
  Channel demo = fresh.channel();
  WordList list = fresh->word_lists().add("oaths", demo.owner, shell).value();
  REQUIRE(fresh->word_lists().subscribe(demo.id, list.id, shell));
  const std::int64_t before = fresh->word_lists().rules_for(demo.id).value().version;
  run_processes(4, [&](int process) {
    auto store = open_again(fresh.url);
    for (int i = 0; i < 15; ++i) {
      WordEntry entry{std::to_string(process) + " " + std::to_string(i)};
      if (!store->word_lists().change(list.id, {.put = {entry}}, shell)) return false;
    }
    return true;
  });
  auto rules = fresh->word_lists().rules_for(demo.id).value();
  CHECK(rules.version == before + 4 * 15);
  CHECK(rules.rules.size() == 4 * 15);
}
