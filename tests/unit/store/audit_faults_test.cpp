// Whatever is done to the log in the store's file shows, and is told apart (SQLite).
#include <algorithm>

#include <fmt/format.h>

#include "sqlite/database.hpp"
#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
using Kind = AuditFault::Kind;
constexpr int written = 8;

// A log of eight entries, and the file behind it with its guards off.
struct Opened {
  Fresh fresh;
  std::vector<AuditEntry> entries;
  sqlite::Database db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();

  Opened() {
    for (int i = 0; i < written; ++i)
      entries.push_back(
          fresh->audit()
              .append({.actor = shell, .action = "act", .channel = ChannelId(1), .target = std::to_string(i)})
              .value());
    run("DROP TRIGGER audit_is_never_edited; DROP TRIGGER audit_is_never_cut; "
        "DROP TRIGGER audit_head_only_grows; DROP TRIGGER audit_head_stays; "
        "DROP TRIGGER IF EXISTS audit_is_never_replaced");
    CHECK(fresh->audit().verify());
  }
  void run(const std::string& sql) { REQUIRE(db.run_script(sql)); }
  AuditFault fault(const std::optional<AuditHead>& anchor = std::nullopt) {
    auto found = fresh->audit().first_fault(anchor).value();
    REQUIRE(found);
    CHECK(fresh->audit().verify(anchor).error().what == found->what);
    CHECK(code_of(fresh->audit().verify(anchor)) == Errc::invalid);
    return *found;
  }
  // The log as its own program would have written it: with every hash from `from` on made anew.
  void rewrite(std::int64_t from) {
    std::string previous = fresh->audit().by_id(from - 1).value().hash;
    auto later = fresh->audit().since(from - 1, 100).value();
    for (AuditEntry& entry : later) {
      previous = audit_hash(previous, entry);
      REQUIRE(db.run("UPDATE audit SET hash = ? WHERE id = ?", previous, entry.id));
      REQUIRE(db.run("UPDATE audit_head SET entry_id = ?, hash = ?", entry.id, previous));
    }
  }
};
}  // namespace

TEST_CASE("the log cannot be edited or cut by accident") {
  Fresh fresh;
  for (int i = 0; i < 3; ++i) REQUIRE(fresh->audit().append({.actor = shell, .action = "act"}));
  auto db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();
  for (const char* sql : {"UPDATE audit SET actor_name = 'x' WHERE id = 2", "DELETE FROM audit WHERE id = 3",
                          "DELETE FROM audit_head", "UPDATE audit_head SET entry_id = 2",
                          "UPDATE audit_head SET hash = 'x'", "INSERT INTO audit_head VALUES (2, 0, '')",
                          "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 2",
                          "INSERT OR IGNORE INTO audit SELECT * FROM audit WHERE id = 2"})
    CHECK_FALSE(db.run(sql));
  CHECK(fresh->audit().verify());
}

TEST_CASE("an entry that is put in front of the first shows") {
  Opened broken;
  const int number = GENERATE(0, -5);
  broken.run(
      fmt::format("CREATE TEMP TABLE forged AS SELECT * FROM audit WHERE id = 1; UPDATE forged SET id = {}; "
                  "INSERT INTO audit SELECT * FROM forged",
                  number));
  const AuditFault fault = broken.fault();
  CHECK(fault.kind == Kind::added);
  CHECK(fault.entry == number);
  CHECK(fault.what.find(fmt::format("entry {} was added", number)) != std::string::npos);
}

TEST_CASE("a changed entry shows, whichever field it is") {
  for (const char* set :
       {"actor_name = 'x'", "actor_id = 7", "actor_address = ''", "action = 'acu'", "channel_id = 2",
        "channel_id = NULL", "channel_name = 'x'", "target_id = 1", "target = ''", "reason = 'x'",
        "expires_ms = 0", "context = '{}'", "at_ms = at_ms + 1", "format = 1", "format = 3", "hash = ''",
        "format = format + 4294967296", "actor_id = 0", "target_id = 0"}) {
    INFO(set);
    Opened log;
    log.run(std::string("UPDATE audit SET ") + set + " WHERE id = 4");
    AuditFault fault = log.fault();
    CHECK(fault.kind == Kind::changed);
    CHECK(fault.entry == 4);
    CHECK(fault.what == "audit entry 4 was changed");
  }
}

TEST_CASE(
    "an entry whose hash covers less than those of the ones before it was never written, whatever its hash") {
  Opened log;
  log.run("UPDATE audit SET format = 1, channel_id = NULL, channel_name = '' WHERE id = 4");
  log.rewrite(4);
  const AuditFault fault = log.fault();
  CHECK(fault.kind == Kind::changed);
  CHECK(fault.entry == 4);
}

TEST_CASE("a missing entry shows, and the first of several is named") {
  Opened log;
  log.run("DELETE FROM audit WHERE id IN (3, 6); UPDATE audit SET reason = 'x' WHERE id = 7");
  CHECK(log.fault().kind == Kind::missing);
  CHECK(log.fault().what == "audit entry 3 is missing");
  Opened first;
  first.run("DELETE FROM audit WHERE id = 1");
  CHECK(first.fault().what == "audit entry 1 is missing");
}

TEST_CASE("entries in another order show, and where the first of them stands") {
  Opened swapped;
  swapped.run(
      "UPDATE audit SET id = 99 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4; "
      "UPDATE audit SET id = 4 WHERE id = 99");
  CHECK(swapped.fault().kind == Kind::reordered);
  CHECK(swapped.fault().entry == 3);
  CHECK(swapped.fault().what == "audit entry 3 stands as entry 4");

  Opened rotated;  // 2 to the end of 2…7
  rotated.run("UPDATE audit SET id = 99 WHERE id = 2");
  for (int id = 3; id <= 7; ++id)
    rotated.run("UPDATE audit SET id = " + std::to_string(id - 1) + " WHERE id = " + std::to_string(id));
  rotated.run("UPDATE audit SET id = 7 WHERE id = 99");
  CHECK(rotated.fault().what == "audit entry 2 stands as entry 7");

  Opened moved;
  moved.run("UPDATE audit SET id = 99 WHERE id = 5");
  CHECK(moved.fault().what == "audit entry 5 stands as entry 99");
}

TEST_CASE("a tail that was cut off shows") {
  Opened log;
  log.run("DELETE FROM audit WHERE id > 6");
  CHECK(log.fault().kind == Kind::cut);
  CHECK(log.fault().entry == 7);
  CHECK(log.fault().what == "the audit log is cut off after entry 6: it had 8");
  REQUIRE(
      log.fresh->audit().append({.actor = shell, .action = "act"}));  // and stays seen when it grows again
  CHECK(log.fault().what == "audit entry 7 is missing");
  Opened all;
  all.run("DELETE FROM audit");
  CHECK(all.fault().what == "the audit log is cut off after entry 0: it had 8");
}

TEST_CASE("entries behind the head show, and a head that names another entry") {
  Opened log;
  log.run("UPDATE audit_head SET entry_id = 6, hash = '" + log.entries[5].hash + "'");
  CHECK(log.fault().kind == Kind::added);
  CHECK(log.fault().what == "audit entry 7 was added behind the log's head");
  Opened other;
  other.run("UPDATE audit_head SET hash = 'x'");
  CHECK(other.fault().kind == Kind::changed);
  CHECK(other.fault().what == "audit entry 8 is not the one that the log's head names");
  Opened none;
  none.run("DELETE FROM audit_head");
  CHECK(none.fresh->audit().verify().error().what == "the audit log's head is missing");
  CHECK_FALSE(none.fresh->audit().append({.actor = shell, .action = "act"}));
}

TEST_CASE("a log that was written anew as a whole shows against an anchor only") {
  Opened log;
  AuditHead anchor{5, log.entries[4].hash};
  CHECK(log.fresh->audit().verify(anchor));
  CHECK(log.fresh->audit().verify(AuditHead{}));
  log.run("UPDATE audit SET reason = 'another' WHERE id = 3");
  CHECK(log.fault(anchor).what == "audit entry 3 was changed");
  log.rewrite(3);
  CHECK(log.fresh->audit().verify());
  CHECK(log.fault(anchor).kind == Kind::unanchored);
  CHECK(log.fault(anchor).entry == 5);
  CHECK(log.fault(anchor).what == "audit entry 5 is not the one that the anchor names");
  CHECK(log.fresh->audit().verify(AuditHead{2, log.entries[1].hash}));

  Opened cut;  // with its head
  cut.run("DELETE FROM audit WHERE id > 6; UPDATE audit_head SET entry_id = 6, hash = '" +
          cut.entries[5].hash + "'");
  CHECK(cut.fresh->audit().verify());
  CHECK(cut.fault(AuditHead{8, cut.entries[7].hash}).kind == Kind::unanchored);
  CHECK(cut.fault(AuditHead{8, cut.entries[7].hash}).what ==
        "the audit log ends at entry 6, the anchor is entry 8");
}

TEST_CASE("an index that leaves an entry out shows, though its statement was put back") {
  Opened log;
  const auto told = [&] {
    std::vector<std::string> all;
    const std::vector<AuditFault> faults = log.fresh->audit().damage().value();
    for (const AuditFault& fault : faults) all.push_back(fault.what);
    return all;
  };
  const auto missing = told();  // the guards, which are off
  CHECK(std::ranges::count(missing, "the audit log's trigger audit_is_never_cut is missing") == 1);
  log.run(
      "DROP INDEX audit_of_channel; "
      "CREATE INDEX audit_of_channel ON audit(channel_id, id) WHERE channel_id IS NOT NULL AND id <> 5; "
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX audit_of_channel ON "
      "audit(channel_id, id) WHERE channel_id IS NOT NULL' WHERE name = 'audit_of_channel'; "
      "PRAGMA writable_schema = RESET");
  log.fresh.store = open_store(log.fresh.url, log.fresh.clock, log.fresh.random).value();
  CHECK(log.fresh->audit().find({.channel = ChannelId(1)}, AuditOrder::oldest_first, 0, 100).value().size() ==
        written - 1);
  CHECK(log.fresh->audit().verify());
  const auto more = told();
  CHECK(more.size() > missing.size());
  CHECK(std::ranges::count(
            more, "the audit log's store is damaged: row 5 missing from index audit_of_channel") == 1);
  Fresh whole;
  REQUIRE(whole->audit().append({.actor = shell, .action = "act"}));
  CHECK(whole->audit().damage().value().empty());
}

TEST_CASE("fault kinds have names") {
  CHECK(name(Kind::missing) == "missing");
  CHECK(name(Kind::changed) == "changed");
  CHECK(name(Kind::reordered) == "reordered");
  CHECK(name(Kind::cut) == "cut");
  CHECK(name(Kind::added) == "added");
  CHECK(name(Kind::damaged) == "damaged");
  CHECK(name(Kind::unanchored) == "unanchored");
}

TEST_CASE("faults are found beyond the first page of a long log") {
  Fresh fresh;
  auto db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();
  REQUIRE(db.run_script("PRAGMA synchronous = OFF; BEGIN IMMEDIATE"));
  AuditEntry entry{.actor = shell, .action = "act"};
  std::string previous;
  constexpr int entries = 2500;
  for (entry.id = 1; entry.id <= entries; ++entry.id) {
    previous = audit_hash(previous, entry);
    REQUIRE(db.run(
        "INSERT INTO audit (id, at_ms, actor_name, actor_address, action, target, reason, format, hash) "
        "VALUES (?, 0, ?, ?, 'act', '', '', 2, ?)",
        entry.id, shell.name, shell.address, previous));
    REQUIRE(db.run("UPDATE audit_head SET entry_id = ?, hash = ?", entry.id, previous));
  }
  REQUIRE(db.run_script("COMMIT"));
  CHECK(fresh->audit().verify().value() == AuditHead{entries, previous});
  REQUIRE(db.run_script("DROP TRIGGER audit_is_never_edited; UPDATE audit SET id = 9999 WHERE id = 1001"));
  CHECK(fresh->audit().first_fault().value()->what == "audit entry 1001 stands as entry 9999");
}
