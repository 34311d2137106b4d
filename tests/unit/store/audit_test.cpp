#include "sqlite/database.hpp"
#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("audit entries are numbered and chained") {
  Fresh fresh;
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
  CHECK(fresh->audit().verify());
}

TEST_CASE("an edited or missing audit entry shows (SQLite)") {
  Fresh fresh;
  for (int i = 0; i < 4; ++i)
    REQUIRE(fresh->audit().append({.actor = shell, .action = "act", .target = "t"}));
  auto db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();
  CHECK_FALSE(db.run("UPDATE audit SET actor_name = 'x' WHERE id = 2"));
  CHECK_FALSE(db.run("DELETE FROM audit WHERE id = 2"));
  CHECK(fresh->audit().verify());
  REQUIRE(db.run_script("DROP TRIGGER audit_is_never_edited; UPDATE audit SET target = 'u' WHERE id = 2"));
  CHECK(fresh->audit().verify().error().what == "audit entry 2 was changed");
  REQUIRE(db.run_script("DROP TRIGGER audit_is_never_cut; DELETE FROM audit WHERE id = 2"));
  CHECK(fresh->audit().verify().error().what == "audit entry 2 is missing");
}
