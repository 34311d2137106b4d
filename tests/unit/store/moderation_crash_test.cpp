// kill -9 in the middle of moderating: what was acknowledged is there; bans, held messages, the audit log and
// the events all tell the same.
#include <map>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>
#include <signal.h>

#include "unit/store/engine.hpp"
#include "unit/store/processes.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
// What the event log says of bans and held messages.
struct Told {
  std::set<std::string> banned;
  std::map<std::string, std::string> held;  // message → "held", or what was decided
  std::int64_t acts = 0;                    // those that are audited

  explicit Told(Store& store) {
    auto events = store.events().since(Cursor(0), 1'000'000).value();
    for (auto& event : events) {
      auto payload = nlohmann::json::parse(event.payload);
      if (event.name == "channel.ban") banned.insert(payload["user_login"]);
      if (event.name == "channel.unban") banned.erase(payload["user_login"]);
      if (event.name == "automod.message.hold") held[payload["message_id"]] = "held";
      if (event.name == "automod.message.update") held[payload["message_id"]] = payload["status"];
      acts += event.name != "channel.create" && event.name != "automod.message.hold";
    }
  }
};

struct Platform {
  Folder folder;
  std::string url = "sqlite:" + (folder.path / "store.db").string();
  ChannelId channel;
  std::vector<UserId> users;
  Platform() {
    auto store = open_store(url).value();
    channel = store->channels().add("demo", store->users().add("alice", "").value().id, "").value().id;
    for (const char* name : {"bob", "carol", "dave"})
      users.push_back(store->users().add(name, "").value().id);
  }
};

// Bans and lifts, holds and decides, until killed; counts what was acknowledged.
bool moderate(const Platform& platform, std::atomic<std::int64_t>& acts,
              std::atomic<std::int64_t>& messages) {
  auto store = open_store(platform.url);
  for (std::int64_t turn = 0; store; ++turn) {
    UserId user = platform.users[turn % platform.users.size()];
    auto banned = (*store)->bans().find(platform.channel, user);
    if (!banned) return false;
    bool done = *banned ? (*store)->bans().lift(platform.channel, user, "", shell).has_value()
                        : (*store)
                              ->bans()
                              .ban(platform.channel, user,
                                   turn % 2 ? std::optional(seconds(3600)) : std::nullopt, "", shell, "{}")
                              .has_value();
    if (!done) return false;
    ++acts;
    std::string id = "m" + std::to_string(messages + 1);
    if (!(*store)->held_messages().hold(
            {.id = id, .channel = platform.channel, .user = user, .text = "x", .whole = "{}"}))
      return false;
    ++messages;
    auto verdict = turn % 2 ? HeldVerdict::allow : HeldVerdict::deny;
    // A former life may have held this one, decided it, and been killed before it could say so.
    auto decided = (*store)->held_messages().decide(id, verdict, "", shell);
    if (!decided && decided.error().code != Errc::conflict) return false;
    acts += decided.has_value();
  }
  return false;
}
}  // namespace

TEST_CASE("a killed moderator leaves bans, held messages and audit whole") {
  Platform platform;
  Shared<std::atomic<std::int64_t>> acts, messages;
  SeededRandom random(GENERATE(1, 2, 3));
  AuditHead anchor;
  for (int kill = 0; kill < 8; ++kill) {
    std::int64_t goal = *acts + 1 + static_cast<std::int64_t>(random.below(20));
    pid_t moderator = start_process([&] { return moderate(platform, *acts, *messages); });
    while (*acts < goal) std::this_thread::yield();
    for (std::uint64_t spin = random.below(20'000); spin > 0; --spin)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    REQUIRE(::kill(moderator, SIGKILL) == 0);
    CHECK(WIFSIGNALED(wait_for(moderator)));

    auto store = open_store(platform.url).value();
    Told told(*store);
    auto proven = store->audit().verify(anchor);
    REQUIRE(proven);
    anchor = *proven;
    CHECK(anchor.id == told.acts);
    CHECK(told.acts >= *acts);
    CHECK(static_cast<std::int64_t>(told.held.size()) >= *messages);

    std::set<std::string> banned;
    auto bans = store->bans().of_channel(platform.channel, UserId(), 100).value();
    for (auto& ban : bans) {
      banned.insert(ban.user_name);
      AuditEntry entry = store->audit().by_id(ban.audit_id).value();
      CHECK(entry.action == (ban.permanent() ? "ban" : "timeout"));
      CHECK(entry.target_user == ban.user);
    }
    CHECK(banned == told.banned);

    for (auto& [id, status] : told.held) {
      HeldState state = store->held_messages().by_id(id).value().state;
      CHECK((state == HeldState::allowed ? "approved" : name(state)) == status);
    }
    *acts = told.acts;
    *messages = static_cast<std::int64_t>(told.held.size());
  }
}
