// A store that an earlier Sluice left is brought to the newest schema, and nothing in it is lost (SQLite).
#include "sqlite/database.hpp"
#include "unit/store/engine.hpp"
#include "unit/store/schema_2.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
struct Old {
  Folder folder;
  std::string path = (folder.path / "store.db").string();
  explicit Old(std::string_view then = "") {
    auto db = sqlite::Database::open(path, milliseconds(100)).value();
    REQUIRE(db.run_script(schema_2));
    if (!then.empty()) REQUIRE(db.run_script(then));
  }
  std::unique_ptr<Store> open() { return open_store("sqlite:" + path).value(); }
};
}  // namespace

TEST_CASE("a store of schema 2 opens, verifies and goes on") {
  Old old;
  AuditHead head;
  {
    auto store = old.open();
    auto entries = store->audit().since(0, 100).value();
    REQUIRE(entries.size() == 4);
    CHECK(entries[1].format == 1);
    CHECK(entries[1].actor.name == "alice");
    CHECK(entries[1].reason == "chat:read");
    CHECK(entries[1].expires_at);
    CHECK(entries[3].reason == "\"h\xc3\xa9llo\", he said");
    CHECK(store->audit().verify().value() == AuditHead{4, entries[3].hash});

    Channel demo = store->channels().by_name("demo").value();
    REQUIRE(store->credentials().rotate_key(demo.id, shell));
    auto newest = store->audit().by_id(5).value();
    CHECK(newest.format == 2);
    CHECK(newest.channel == demo.id);
    CHECK(newest.channel_name == "demo");
    CHECK(store->events().last().value() == Cursor(4));
    head = store->audit().verify().value();
    CHECK(head.id == 5);
  }
  auto again = old.open();
  CHECK(again->audit().verify(head).value() == head);
}

TEST_CASE("what was wrong with an old store's log is still wrong after the migration") {
  Old old("DROP TRIGGER audit_is_never_edited; UPDATE audit SET reason = 'x' WHERE id = 2");
  CHECK(old.open()->audit().verify().error().what == "audit entry 2 was changed");
}

TEST_CASE("an old entry gets no fields that its hash does not cover") {
  Old old;
  auto store = old.open();
  CHECK(store->audit().verify());
  auto db = sqlite::Database::open(old.path, milliseconds(100)).value();
  REQUIRE(db.run_script("DROP TRIGGER audit_is_never_edited"));
  for (const char* set : {"channel_id = 1", "channel_name = 'demo'", "target_id = 2", "context = '{}'"}) {
    INFO(set);
    REQUIRE(db.run_script(std::string("UPDATE audit SET ") + set + " WHERE id = 3"));
    CHECK(store->audit().verify().error().what == "audit entry 3 was changed");
    REQUIRE(
        db.run_script("UPDATE audit SET channel_id = NULL, channel_name = '', target_id = NULL, "
                      "context = '' WHERE id = 3"));
    CHECK(store->audit().verify());
  }
}
