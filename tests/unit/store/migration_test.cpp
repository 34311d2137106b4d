// A store that an earlier Sluice left is brought to the newest schema, and nothing in it is lost (SQLite).
#include "sqlite/database.hpp"
#include "store/sqlite_schema.hpp"
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
    CHECK(store->audit().damage().value().empty());

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

TEST_CASE("a store of schema 3 keeps its people, who get no color and follow nobody") {
  const std::string moderated = std::string(moderation_step()) +
                                "INSERT INTO schema_version VALUES (3, 1700000000000);"
                                "INSERT INTO roles VALUES (1, 2, 'vip', 1700000001000);";
  Old old(moderated);
  {
    auto db = sqlite::Database::open(old.path, milliseconds(100)).value();
    CHECK(schema_of(db).value() == 3);
  }
  auto store = old.open();
  {
    auto db = sqlite::Database::open(old.path, milliseconds(100)).value();
    CHECK(schema_of(db).value() == newest_schema());
  }
  CHECK(store->audit().verify().value().id == 4);
  User bob = store->users().by_name("bob").value();
  CHECK(bob.color.empty());
  CHECK_FALSE(bob.bot);
  Channel demo = store->channels().by_name("demo").value();
  CHECK(store->roles().of(demo.id, bob.id).value() == Role::vip);
  CHECK(store->follows().count(demo.id).value() == 0);
  CHECK(store->follows().follow(demo.id, bob.id).value());
  CHECK(store->subscriptions().subscribe(demo.id, bob.id, platform::Plan::tier1, shell, "k"));
  CHECK(store->emotes().add({.channel = demo.id, .code = "Wave", .tier = 1}, shell));
}

TEST_CASE("a store of before ban evasion was looked for keeps its rooms, which flag") {
  const std::string before = std::string(moderation_step()) + std::string(people_step()) +
                             "INSERT INTO schema_version VALUES (3, 1700000000000);"
                             "INSERT INTO schema_version VALUES (4, 1700000000000);"
                             "INSERT INTO rooms VALUES (1, 1, -1, 0, 30, 0, 3, 'allow');";
  Old old(before);
  auto store = old.open();
  Channel demo = store->channels().by_name("demo").value();
  CHECK(store->rooms().evasion(demo.id).value().action == platform::BanEvasion::flag);
  CHECK(store->rooms().settings(demo.id).value().slow == 30);
  CHECK(store->rooms().automod(demo.id).value().level == 3);
  CHECK(store->evasions().of_channel(demo.id, true, UserId(), 10).value().empty());
  CHECK_FALSE(store->evasions().key().value().empty());
  User bob = store->users().by_name("bob").value();
  CHECK_FALSE(store->bits().balance(bob.id).value());
  CHECK(store->bits().grant(bob.id, 5, "", shell, "").value().balance == 5);
}

TEST_CASE("a store that looks for ban evasion keeps what it flagged when it gets bits") {
  const std::string before = std::string(moderation_step()) + std::string(people_step()) +
                             std::string(evasion_step()) +
                             "INSERT INTO schema_version VALUES (3, 1700000000000);"
                             "INSERT INTO schema_version VALUES (4, 1700000000000);"
                             "INSERT INTO schema_version VALUES (5, 1700000000000);"
                             "INSERT INTO rooms VALUES (1, 1, -1, 0, 30, 0, 3, 'allow', 'hold');"
                             "INSERT INTO mark_key VALUES (1, 'kept');";
  Old old(before);
  auto store = old.open();
  Channel demo = store->channels().by_name("demo").value();
  CHECK(store->rooms().evasion(demo.id).value().action == platform::BanEvasion::hold);
  CHECK(store->evasions().key().value() == "kept");
  User bob = store->users().by_name("bob").value();
  CHECK(store->bits().grant(bob.id, 5, "", shell, "").value().balance == 5);
}

TEST_CASE("a store of schema 5 keeps its supporters, its log and what waits for moderators") {
  Fresh fresh;
  const Channel demo = fresh.channel();
  const User bob = fresh.user("bob"), cyd = fresh.user("cyd");
  Subscriptions& subs = fresh->subscriptions();
  REQUIRE(subs.gift({.channel = demo.id, .gifter = bob.id, .recipients = {cyd.id}}, shell, ""));
  REQUIRE(subs.subscribe(demo.id, bob.id, platform::Plan::tier3, shell, ""));
  HeldMessage held;
  held.id = "m1";
  held.channel = demo.id;
  held.user = bob.id;
  held.text = "cheer5 held before there were bits";
  held.whole = "{}";
  held.reason = "automod";
  REQUIRE(fresh->held_messages().hold(held));
  const AuditHead head = fresh->audit().verify().value();
  const Cursor last = fresh->events().last().value();
  {
    auto db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();
    REQUIRE(db.run_script(
        "ALTER TABLE subscriptions DROP COLUMN founder; DROP TABLE cheers; DROP TABLE cheerers; "
        "DROP TRIGGER audit_is_never_replaced; "
        "DROP TABLE bits_balances; DROP INDEX held_at_time; DROP INDEX held_and_decided; DROP TABLE "
        "user_emote_access; DROP INDEX users_with_premium; ALTER TABLE users DROP COLUMN premium; DELETE "
        "FROM "
        "schema_version WHERE version > 5"));
    REQUIRE(schema_of(db).value() == 5);
  }
  auto store = open_store(fresh.url).value();
  CHECK(store->audit().verify(head).value() == head);
  CHECK(store->events().last().value() == last);
  const Subscription kept = store->subscriptions().find(demo.id, bob.id).value().value();
  CHECK((kept.founder && kept.plan == platform::Plan::tier3 && kept.months == 1));
  CHECK_FALSE(store->subscriptions().find(demo.id, cyd.id).value()->founder);
  REQUIRE(store->held_messages().decide("m1", HeldVerdict::allow, "", shell));
  CHECK_FALSE(store->bits().balance(bob.id).value());
  REQUIRE(store->bits().grant(bob.id, 5, "", shell, ""));
  CHECK(store->bits()
            .cheer({.channel = demo.id, .user = bob.id, .text = "cheer5"}, shell, "")
            .value()
            .balance == 0);
}

TEST_CASE("a store of schema 7 keeps its emotes, their numbers and pictures, and those that were removed") {
  const std::string before =
      std::string(moderation_step()) + std::string(people_step()) + std::string(evasion_step()) +
      std::string(bits_step()) +
      "INSERT INTO schema_version VALUES (3, 1), (4, 1), (5, 1), (6, 1), (7, 1);"
      "CREATE INDEX held_at_time ON held_messages(channel_id, held_ms);"
      "INSERT INTO emotes (channel_id, code, tier, image_1x, image_2x, image_4x, created_ms, removed_ms) "
      "VALUES "
      "(NULL, 'Wave', 0, '/wave.png', '', '', 5, NULL), (1, 'Gold', 3, '', '', '', 6, NULL), "
      "(1, 'Old', 1, '', '', '', 7, 8);";
  Old old(before);
  auto store = old.open();
  auto emotes = store->emotes().list().value();
  REQUIRE(emotes.size() == 2);
  CHECK((emotes[0].code == "Wave" && emotes[0].id == EmoteId(1) && emotes[0].images[0] == "/wave.png"));
  CHECK((emotes[1].tier == 3 && kind(emotes[1]) == "subscription" && emotes[1].channel_name == "demo"));
  CHECK(store->emotes().by_id(EmoteId(3)).value().code == "Old");
  CHECK(code_of(store->emotes().add({.code = "Wave"}, shell)) == Errc::exists);
  const Channel demo = store->channels().by_name("demo").value();
  CHECK(store->emotes().add({.channel = demo.id, .code = "Old", .bits = 5}, shell).value().id == EmoteId(4));
  const User bob = store->users().by_name("bob").value();
  CHECK(bob.premium == platform::Premium::none);
  CHECK(store->emotes().grant(demo.id, "Gold", bob.id, shell).value());
}
