#include <barrier>
#include <thread>

#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::BanEvasion;
using platform::MarkKind;
using std::chrono::hours;

namespace {
const std::string home = "a0123", print = "f0123";

struct Scene {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob"), cyd = fresh.user("cyd");
  Evasions& evasions = fresh->evasions();

  void saw(const User& user, std::vector<std::string> marks) {
    const Sighting seen{demo.id, user.id, std::move(marks)};
    REQUIRE(evasions.saw(std::span(&seen, 1)));
  }
  void ban(const User& user, std::optional<seconds> duration = std::nullopt) {
    REQUIRE(fresh->bans().ban(demo.id, user.id, duration, "", shell));
  }
  std::optional<Evasion> look(const User& user, std::vector<std::string> marks, hours back = hours(720)) {
    return evasions.look({demo.id, user.id, std::move(marks)}, fresh.clock.wall() - back).value();
  }
  nlohmann::json last_event() {
    const auto all = fresh->events().since(Cursor(0), 1000).value();
    auto payload = nlohmann::json::parse(all.back().payload);
    payload["event"] = all.back().name;
    return payload;
  }
};
}  // namespace

TEST_CASE("the key is made once, and another store has another") {
  Fresh fresh;
  const std::string key = fresh->evasions().key().value();
  CHECK(key.size() >= 40);
  CHECK(fresh->evasions().key().value() == key);
  CHECK(open_store(fresh.url).value()->evasions().key().value() == key);
}

TEST_CASE("who comes from where a banned user was seen is flagged, told and audited, once") {
  Scene scene;
  scene.saw(scene.bob, {home});
  CHECK_FALSE(scene.look(scene.cyd, {home}));  // nobody is banned
  scene.fresh.clock.advance(seconds(1));
  scene.ban(scene.bob);
  const std::int64_t before = scene.fresh->audit().head().value().id;
  const auto flag = scene.look(scene.cyd, {home});
  REQUIRE(flag);
  CHECK(flag->user_name == "cyd");
  CHECK(flag->banned_name == "bob");
  CHECK(flag->matched == MarkKind::address);
  CHECK_FALSE(flag->likely);  // cyd was here before the ban
  CHECK(flag->evaluation() == "possible");
  CHECK(flag->audit_id == before + 1);

  const AuditEntry entry = scene.fresh->audit().by_id(flag->audit_id).value();
  CHECK(entry.action == "evasion.flag");
  CHECK(entry.actor.name == "chatd");
  CHECK(entry.target_user == scene.cyd.id);
  CHECK(entry.reason == "seen with the same address as bob");
  CHECK(nlohmann::json::parse(entry.context)["banned_user"] == "bob");
  const auto told = scene.last_event();
  CHECK(told["event"] == "channel.suspicious_user.update");
  CHECK(told["user_login"] == "cyd");
  CHECK(told["banned_user_login"] == "bob");
  CHECK(told["low_trust_status"] == "active_monitoring");
  CHECK(told["ban_evasion_evaluation"] == "possible");
  CHECK(told["matched"] == "address");
  CHECK(told["moderator_user_login"] == "chatd");

  CHECK(scene.look(scene.cyd, {home})->audit_id == flag->audit_id);
  CHECK(scene.look(scene.cyd, {"a9999"})->audit_id == flag->audit_id);  // from elsewhere, too
  CHECK(scene.fresh->audit().verify().value().id == before + 1);
  CHECK(scene.evasions.of_channel(scene.demo.id, false, UserId(), 10).value().size() == 1);
}

TEST_CASE("a fingerprint, and a name that is newer than the ban, are likely") {
  Scene scene;
  scene.saw(scene.bob, {home, print});
  scene.fresh.clock.advance(seconds(1));
  scene.ban(scene.bob);
  const auto both = scene.look(scene.cyd, {home, print});
  CHECK(both->matched == MarkKind::fingerprint);
  CHECK(both->likely);
  scene.fresh.clock.advance(seconds(1));
  const User newer = scene.fresh.user("newer");
  const auto flag = scene.look(newer, {home});
  CHECK(flag->matched == MarkKind::address);
  CHECK(flag->likely);
}

TEST_CASE("what flags nobody") {
  Scene scene;
  const User dan = scene.fresh.user("dan");
  scene.saw(scene.bob, {home});
  SECTION("a timeout") {
    scene.ban(scene.bob, seconds(600));
  }
  SECTION("a ban in another channel") {
    const Channel other = scene.fresh.channel("other");
    REQUIRE(scene.fresh->bans().ban(other.id, scene.bob.id, std::nullopt, "", shell));
  }
  SECTION("what was seen in another channel") {
    const Channel other = scene.fresh.channel("other");
    REQUIRE(scene.fresh->bans().ban(other.id, scene.bob.id, std::nullopt, "", shell));
    CHECK_FALSE(
        scene.evasions.look({other.id, scene.cyd.id, {home}}, scene.fresh.clock.wall() - hours(1)).value());
  }
  SECTION("another mark") {
    scene.ban(scene.bob);
    CHECK_FALSE(scene.look(scene.cyd, {"a0124"}));
    CHECK_FALSE(scene.look(scene.cyd, {}));
    return;
  }
  SECTION("what is too long ago") {
    scene.ban(scene.bob);
    scene.fresh.clock.advance(hours(721));
    CHECK_FALSE(scene.look(scene.cyd, {home}));
    CHECK(scene.look(scene.cyd, {home}, hours(722)));
    return;
  }
  SECTION("what has been forgotten") {
    scene.ban(scene.bob);
    scene.fresh.clock.advance(hours(2));
    scene.saw(dan, {home});
    REQUIRE(scene.evasions.forget_before(scene.fresh.clock.wall() - hours(1)));
  }
  SECTION("the banned user himself") {
    scene.ban(scene.bob);
    CHECK_FALSE(scene.look(scene.bob, {home}));
    return;
  }
  CHECK_FALSE(scene.look(scene.cyd, {home}));
  CHECK(scene.fresh->audit().find({.action = "evasion"}, AuditOrder::oldest_first, 0, 10).value().empty());
}

TEST_CASE("being seen again keeps a mark from being forgotten") {
  Scene scene;
  scene.saw(scene.bob, {home});
  scene.ban(scene.bob);
  scene.fresh.clock.advance(hours(2));
  scene.saw(scene.bob, {home});
  REQUIRE(scene.evasions.forget_before(scene.fresh.clock.wall() - hours(1)));
  CHECK(scene.look(scene.cyd, {home}, hours(1)));
}

TEST_CASE("a flag ends with its ban, and by a moderator, who is believed until somebody else is banned") {
  Scene scene;
  const User dan = scene.fresh.user("dan");
  scene.saw(scene.bob, {home});
  scene.saw(dan, {home});
  scene.ban(scene.bob);
  REQUIRE(scene.look(scene.cyd, {home}));
  SECTION("by an unban") {
    REQUIRE(scene.fresh->bans().lift(scene.demo.id, scene.bob.id, "", shell));
    CHECK_FALSE(scene.evasions.find(scene.demo.id, scene.cyd.id).value());
    CHECK_FALSE(scene.look(scene.cyd, {home}));
    CHECK(code_of(scene.evasions.clear(scene.demo.id, scene.cyd.id, "", shell)) == Errc::not_found);
    scene.fresh.clock.advance(seconds(1));
    scene.ban(dan);
    CHECK(scene.look(scene.cyd, {home})->banned_name == "dan");
    return;
  }
  scene.fresh.clock.advance(seconds(1));
  const Actor ada{scene.demo.owner, "alice", "203.0.113.9"};
  const Evasion cleared = scene.evasions.clear(scene.demo.id, scene.cyd.id, " a brother ", ada).value();
  CHECK(cleared.cleared_at == scene.fresh.clock.wall());
  CHECK(scene.last_event()["low_trust_status"] == "none");
  CHECK(scene.last_event()["moderator_user_login"] == "alice");
  const AuditEntry entry = scene.fresh->audit().by_id(scene.fresh->audit().head().value().id).value();
  CHECK(entry.action == "evasion.clear");
  CHECK(entry.reason == "a brother");
  CHECK(entry.actor.address == "203.0.113.9");
  CHECK_FALSE(scene.look(scene.cyd, {home}));
  CHECK(scene.evasions.of_channel(scene.demo.id, false, UserId(), 10).value().empty());
  const auto all = scene.evasions.of_channel(scene.demo.id, true, UserId(), 10).value();
  REQUIRE(all.size() == 1);
  CHECK(all[0].cleared_by.name == "alice");
  CHECK(code_of(scene.evasions.clear(scene.demo.id, scene.cyd.id, "", ada)) == Errc::not_found);
  scene.fresh.clock.advance(seconds(1));
  scene.ban(dan);
  CHECK(scene.look(scene.cyd, {home})->banned_name == "dan");
  CHECK(scene.fresh->audit().verify());
}

TEST_CASE("what was cleared stays so when a later ban, for which there was a flag, is lifted") {
  Scene scene;
  const User dan = scene.fresh.user("dan");
  scene.saw(scene.bob, {home});
  scene.saw(dan, {home});
  scene.ban(scene.bob);
  REQUIRE(scene.look(scene.cyd, {home}));
  scene.fresh.clock.advance(seconds(1));
  REQUIRE(scene.evasions.clear(scene.demo.id, scene.cyd.id, "a brother of bob's", shell));
  scene.fresh.clock.advance(seconds(1));
  scene.ban(dan);
  REQUIRE(scene.look(scene.cyd, {home})->banned_name == "dan");
  REQUIRE(scene.fresh->bans().lift(scene.demo.id, dan.id, "", shell));
  CHECK_FALSE(scene.look(scene.cyd, {home}));
  scene.fresh.clock.advance(seconds(1));
  scene.ban(dan);
  CHECK(scene.look(scene.cyd, {home})->banned_name == "dan");
}

TEST_CASE("what there is not is named") {
  Scene scene;
  const Wall since{};
  CHECK(code_of(scene.evasions.look({ChannelId(99), scene.cyd.id, {home}}, since)) == Errc::not_found);
  CHECK(code_of(scene.evasions.look({scene.demo.id, UserId(99), {home}}, since)) == Errc::not_found);
  CHECK(code_of(scene.evasions.look({scene.demo.id, scene.cyd.id, {"203.0.113.7"}}, since)) == Errc::invalid);
  CHECK(code_of(scene.evasions.clear(scene.demo.id, UserId(99), "", shell)) == Errc::not_found);
  CHECK(code_of(scene.evasions.clear(scene.demo.id, scene.cyd.id, std::string(501, 'x'), shell)) ==
        Errc::invalid);
}

TEST_CASE("a room's way with evasion is a setting, and where it holds, the event says restricted") {
  Scene scene;
  Rooms& rooms = scene.fresh->rooms();
  CHECK(rooms.evasion(scene.demo.id).value().action == BanEvasion::flag);
  REQUIRE(rooms.change(scene.demo.id, platform::AutomodPatch{.level = 4}, shell));
  const auto change = rooms.change(scene.demo.id, platform::EvasionPatch{BanEvasion::hold}, shell).value();
  CHECK(change.changed());
  CHECK(scene.last_event()["event"] == "evasion.settings.update");
  CHECK(scene.last_event()["ban_evasion"] == "hold");
  const auto entry = scene.fresh->audit().by_id(scene.fresh->audit().head().value().id).value();
  CHECK(entry.action == "evasion.settings");
  CHECK(entry.context == R"({"before":{"ban_evasion":"flag"},"after":{"ban_evasion":"hold"}})");
  REQUIRE(rooms.change(scene.demo.id, platform::RoomSettingsPatch{.slow = 5}, shell));
  CHECK(rooms.evasion(scene.demo.id).value().action == BanEvasion::hold);
  CHECK(rooms.automod(scene.demo.id).value().level == 4);
  scene.saw(scene.bob, {home});
  scene.ban(scene.bob);
  REQUIRE(scene.look(scene.cyd, {home}));
  CHECK(scene.last_event()["low_trust_status"] == "restricted");
}

TEST_CASE("two nodes that find out at the same moment flag somebody once") {
  Scene scene;
  scene.saw(scene.bob, {home});
  scene.ban(scene.bob);
  std::vector<User> users;
  for (int i = 0; i < 100; ++i) users.push_back(scene.fresh.user("user" + std::to_string(i)));
  const auto other = open_store(scene.fresh.url, scene.fresh.clock, scene.fresh.random).value();
  std::barrier together(2);
  const auto look_at_all = [&](Store& store) {
    int flagged = 0;
    for (const User& user : users) {
      together.arrive_and_wait();
      const auto flag = store.evasions().look({scene.demo.id, user.id, {home}}, Wall{});
      flagged += flag && *flag;
    }
    return flagged;
  };
  int there = 0;
  std::thread elsewhere([&] { there = look_at_all(*other); });
  const int here = look_at_all(*scene.fresh.store);
  elsewhere.join();
  CHECK(here == 100);
  CHECK(there == 100);
  const AuditFilter flags{.action = "evasion.flag"};
  CHECK(scene.fresh->audit().find(flags, AuditOrder::oldest_first, 0, 1000).value().size() == 100);
}

TEST_CASE("two nodes on one store flag somebody once, and share key and marks") {
  Scene scene;
  scene.saw(scene.bob, {home});
  scene.ban(scene.bob);
  auto other = open_store(scene.fresh.url, scene.fresh.clock, scene.fresh.random).value();
  const auto here = scene.look(scene.cyd, {home});
  const auto there = other->evasions().look({scene.demo.id, scene.cyd.id, {home}}, Wall{}).value();
  REQUIRE(there);
  CHECK(there->audit_id == here->audit_id);
}
