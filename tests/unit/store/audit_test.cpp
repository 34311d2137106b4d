#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("audit entries are numbered and chained") {
  Fresh fresh;
  CHECK(fresh->audit().head().value() == AuditHead{});
  for (int i = 0; i < 3; ++i)
    REQUIRE(fresh->audit().append({.actor = {UserId(5), "alice", "192.0.2.7"},
                                   .action = "test.act",
                                   .target = "user:" + std::to_string(i),
                                   .reason = "because",
                                   .expires_at = fresh.clock.wall() + seconds(i)}));
  auto entries = fresh->audit().since(0, 10).value();
  REQUIRE(entries.size() == 3);
  CHECK(entries[2].id == 3);
  CHECK(entries[2].actor.address == "192.0.2.7");
  CHECK(entries[2].actor.user == UserId(5));
  CHECK(entries[2].expires_at == fresh.clock.wall() + seconds(2));
  CHECK(entries[1].hash != entries[2].hash);
  CHECK(fresh->audit().since(2, 10).value().size() == 1);
  CHECK(fresh->audit().verify().value() == AuditHead{3, entries[2].hash});
  CHECK(fresh->audit().head().value() == AuditHead{3, entries[2].hash});
}

TEST_CASE("an audit entry says who, what, whom, where, why, until when, and what stood around it") {
  Fresh fresh;
  AuditEntry told{.actor = {UserId(5), "alice", "192.0.2.7"},
                  .action = "timeout",
                  .channel = ChannelId(3),
                  .channel_name = "demo",
                  .target_user = UserId(9),
                  .target = "user:bob",
                  .reason = "\"spam\"\n",
                  .expires_at = fresh.clock.wall() + seconds(600),
                  .context = "{\n \"b\": [1, 2],\n \"a\": \"x\\ny\"}"};
  AuditEntry appended = fresh->audit().append(told).value();
  CHECK(appended.context == R"({"b":[1,2],"a":"x\ny"})");
  AuditEntry read = fresh->audit().by_id(1).value();
  CHECK(read.action == "timeout");
  CHECK(read.channel == ChannelId(3));
  CHECK(read.channel_name == "demo");
  CHECK(read.target_user == UserId(9));
  CHECK(read.target == "user:bob");
  CHECK(read.reason == told.reason);
  CHECK(read.expires_at == told.expires_at);
  CHECK(read.context == appended.context);
  CHECK(read.format == 2);
  CHECK(read.hash == audit_hash("", read));
  CHECK(fresh->audit().verify());
  CHECK(code_of(fresh->audit().by_id(2)) == Errc::not_found);
  for (const char* bad : {"7", "[1]", "{", "null"})
    CHECK(code_of(fresh->audit().append({.actor = shell, .action = "act", .context = bad})) == Errc::invalid);
  CHECK(fresh->audit().head().value().id == 1);
}

TEST_CASE("every field of an entry is in its hash") {
  const AuditEntry entry{.id = 7,
                         .at = Wall(milliseconds(1000)),
                         .actor = {UserId(5), "alice", "192.0.2.7"},
                         .action = "timeout",
                         .channel = ChannelId(3),
                         .channel_name = "demo",
                         .target_user = UserId(9),
                         .target = "user:bob",
                         .reason = "spam",
                         .expires_at = Wall(milliseconds(9)),
                         .context = "{}"};
  const std::string hash = audit_hash("previous", entry);
  CHECK(audit_hash("previou", entry) != hash);
  auto changed = [&](auto change) {
    AuditEntry other = entry;
    change(other);
    return audit_hash("previous", other) != hash;
  };
  CHECK_FALSE(changed([](AuditEntry&) {}));
  CHECK(changed([](AuditEntry& e) { e.id = 8; }));
  CHECK(changed([](AuditEntry& e) { e.at += milliseconds(1); }));
  CHECK(changed([](AuditEntry& e) { e.actor.user = UserId(6); }));
  CHECK(changed([](AuditEntry& e) { e.actor.name = "alicf"; }));
  CHECK(changed([](AuditEntry& e) { e.actor.address = ""; }));
  CHECK(changed([](AuditEntry& e) { e.action = "ban"; }));
  CHECK(changed([](AuditEntry& e) { e.channel = ChannelId(4); }));
  CHECK(changed([](AuditEntry& e) { e.channel_name = "dem"; }));
  CHECK(changed([](AuditEntry& e) { e.target_user = UserId(); }));
  CHECK(changed([](AuditEntry& e) { e.target = "user:rob"; }));
  CHECK(changed([](AuditEntry& e) { e.reason = "spam\xff"; }));
  CHECK(changed([](AuditEntry& e) { e.expires_at = std::nullopt; }));
  CHECK(changed([](AuditEntry& e) { e.context = ""; }));
  CHECK(changed([](AuditEntry& e) { e.format = 1; }));
  CHECK(changed([](AuditEntry& e) { std::swap(e.reason, e.context); }));
}

TEST_CASE("the log is searched by where, who, whom, what and when") {
  Fresh fresh;
  const Wall start = fresh.clock.wall();
  const char* actions[] = {"ban", "mod.add", "unban", "mod.remove", "mode"};
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(fresh->audit().append({.actor = {UserId(i % 2), "a", "local"},
                                   .action = actions[i % 5],
                                   .channel = ChannelId(i % 3),
                                   .target_user = UserId(i % 4)}));
    fresh.clock.advance(seconds(1));
  }
  using Ids = std::vector<std::int64_t>;
  auto found = [&](const AuditFilter& filter, AuditOrder order = AuditOrder::oldest_first,
                   std::int64_t id = 0, std::size_t limit = 100) {
    Ids ids;
    auto entries = fresh->audit().find(filter, order, id, limit).value();
    for (auto& entry : entries) ids.push_back(entry.id);
    return ids;
  };
  CHECK(found({}).size() == 20);
  CHECK(found({.channel = ChannelId(2)}) == Ids{2, 5, 8, 11, 14, 17, 20});
  CHECK(found({.actor = UserId(1)}).size() == 10);
  CHECK(found({.target_user = UserId(3)}) == Ids{3, 7, 11, 15, 19});
  CHECK(found({.action = "mod."}) == Ids{1, 3, 6, 8, 11, 13, 16, 18});
  CHECK(found({.action = "ban"}) == Ids{5, 10, 15, 20});
  CHECK(found({.from = start + seconds(3), .until = start + seconds(5)}) == Ids{4, 5});
  CHECK(found({.channel = ChannelId(1), .actor = UserId(1), .action = "m"}) == Ids{1, 13, 19});
  CHECK(found({.channel = ChannelId(2)}, AuditOrder::newest_first, 0, 3) == Ids{20, 17, 14});
  CHECK(found({.channel = ChannelId(2)}, AuditOrder::newest_first, 14, 3) == Ids{11, 8, 5});
  CHECK(found({.channel = ChannelId(2)}, AuditOrder::oldest_first, 14, 3) == Ids{17, 20});
}
