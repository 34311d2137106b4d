#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
struct Room {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  Bans& bans = fresh->bans();
  Result<Ban> ban(std::optional<seconds> duration = std::nullopt, std::string_view reason = "") {
    return bans.ban(demo.id, bob.id, duration, reason, shell);
  }
  std::optional<Ban> found() { return bans.find(demo.id, bob.id).value(); }
};
}  // namespace

TEST_CASE("a ban stands until it is lifted") {
  Room room;
  CHECK_FALSE(room.found());
  Ban ban = room.ban(std::nullopt, " spam ").value();
  CHECK(ban.permanent());
  CHECK(ban.reason == "spam");
  CHECK(ban.user_name == "bob");
  CHECK(ban.audit_id == 1);
  room.fresh.clock.advance(std::chrono::hours(24 * 365));
  auto found = room.found();
  REQUIRE(found);
  CHECK(found->permanent());
  CHECK(found->by.name == "unix:root");
  CHECK(found->by.address == "local");
  CHECK(found->at == ban.at);
  CHECK(found->audit_id == 1);
  CHECK(room.bans.lift(room.demo.id, room.bob.id, "appeal", shell).value().permanent());
  CHECK_FALSE(room.found());
  auto again = room.bans.lift(room.demo.id, room.bob.id, "", shell);
  CHECK(code_of(again) == Errc::not_found);
  CHECK(again.error().what == "bob is not banned from demo");
}

TEST_CASE("a timeout lapses by itself, to the millisecond") {
  Room room;
  Ban ban = room.ban(seconds(10)).value();
  CHECK(ban.until == room.fresh.clock.wall() + seconds(10));
  room.fresh.clock.advance(milliseconds(9999));
  CHECK(room.found());
  CHECK(room.bans.of_channel(room.demo.id, UserId(), 10).value().size() == 1);
  room.fresh.clock.advance(milliseconds(1));
  CHECK_FALSE(room.found());
  CHECK(room.bans.of_channel(room.demo.id, UserId(), 10).value().empty());
  CHECK(code_of(room.bans.lift(room.demo.id, room.bob.id, "", shell)) == Errc::not_found);
  CHECK(room.ban().value().permanent());
}

TEST_CASE("what may stand over what") {
  Room room;
  REQUIRE(room.ban(seconds(600)));
  CHECK(room.ban(seconds(10)).value().until == room.fresh.clock.wall() + seconds(10));
  CHECK(room.found()->until == room.fresh.clock.wall() + seconds(10));
  CHECK(room.ban(seconds(1200)).value().until == room.fresh.clock.wall() + seconds(1200));
  CHECK(room.ban().value().permanent());
  CHECK(code_of(room.ban()) == Errc::exists);
  CHECK(code_of(room.ban(seconds(10))) == Errc::conflict);
  CHECK(room.found()->permanent());
  CHECK(room.fresh->audit().head().value().id == 4);
}

TEST_CASE("what is no ban") {
  Room room;
  for (seconds duration : {seconds(0), seconds(-1), seconds(1'209'601)})
    CHECK(code_of(room.ban(duration)) == Errc::invalid);
  CHECK(room.ban(seconds(1)).value().until);
  CHECK(room.ban(longest_timeout).value().until);
  CHECK(code_of(room.ban(std::nullopt, std::string(501, 'x'))) == Errc::invalid);
  std::string points;
  for (int i = 0; i < 500; ++i) points += "é";
  CHECK(room.ban(std::nullopt, points).value().reason == points);
  auto owner = room.bans.ban(room.demo.id, room.demo.owner, std::nullopt, "", shell);
  CHECK(code_of(owner) == Errc::invalid);
  CHECK(code_of(room.bans.ban(ChannelId(99), room.bob.id, std::nullopt, "", shell)) == Errc::not_found);
  CHECK(code_of(room.bans.ban(room.demo.id, UserId(99), std::nullopt, "", shell)) == Errc::not_found);
  Channel other = room.fresh.channel("other");
  CHECK(code_of(room.bans.ban(other.id, room.bob.id, std::nullopt, "", shell, "[]")) == Errc::invalid);
  CHECK(room.bans.of_channel(other.id, UserId(), 10).value().empty());
}

TEST_CASE("a channel's bans are read page by page") {
  Room room;
  std::vector<UserId> banned;
  for (int i = 0; i < 5; ++i) {
    User user = room.fresh.user("user" + std::to_string(i));
    banned.push_back(user.id);
    REQUIRE(
        room.bans.ban(room.demo.id, user.id, i == 2 ? std::optional(seconds(1)) : std::nullopt, "", shell));
  }
  room.fresh.clock.advance(seconds(1));
  auto page = room.bans.of_channel(room.demo.id, UserId(), 3).value();
  REQUIRE(page.size() == 3);
  CHECK(page[2].user == banned[3]);
  page = room.bans.of_channel(room.demo.id, page[2].user, 3).value();
  REQUIRE(page.size() == 1);
  CHECK(page[0].user == banned[4]);
}

TEST_CASE("a ban's row outlives its lapse by a day: a clock that leaps frees nobody") {
  Room room;
  User carol = room.fresh.user("carol");
  REQUIRE(room.ban(seconds(600)));
  const Wall now = room.fresh.clock.wall();
  room.fresh.clock.advance(std::chrono::hours(20));
  CHECK_FALSE(room.found());
  REQUIRE(room.bans.ban(room.demo.id, carol.id, seconds(1), "", shell));
  room.fresh.clock.set_wall(now);
  CHECK(room.found());
}

TEST_CASE("bans are audited with their expiry and context, and told as EventSub tells them") {
  Room room;
  Actor alice{room.demo.owner, "alice", "192.0.2.7"};
  REQUIRE(room.bans.ban(room.demo.id, room.bob.id, seconds(600), "spam", alice, R"({"text": "buy!"})"));
  REQUIRE(room.bans.lift(room.demo.id, room.bob.id, "sorry", alice));
  REQUIRE(room.ban());
  REQUIRE(room.bans.lift(room.demo.id, room.bob.id, "", shell));
  auto audit = room.fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 4);
  CHECK(audit[0].action == "timeout");
  CHECK(audit[0].expires_at == room.fresh.clock.wall() + seconds(600));
  CHECK(audit[0].context == R"({"text":"buy!"})");
  CHECK(audit[0].target_user == room.bob.id);
  CHECK(audit[0].target == "user:bob");
  CHECK(audit[0].channel_name == "demo");
  CHECK(audit[1].action == "untimeout");
  CHECK(audit[1].reason == "sorry");
  CHECK(audit[2].action == "ban");
  CHECK_FALSE(audit[2].expires_at);
  CHECK(audit[3].action == "unban");
  CHECK(room.fresh->audit().verify());

  auto events = room.fresh->events().since(Cursor(1)).value();
  REQUIRE(events.size() == 4);
  CHECK(events[0].name == "channel.ban");
  CHECK(nlohmann::json::parse(events[0].payload) ==
        nlohmann::json::parse(R"({"channel":"demo","broadcaster_user_id":"1001","broadcaster_user_login":"alice",
          "broadcaster_user_name":"alice","moderator_user_id":"1001","moderator_user_login":"alice",
          "moderator_user_name":"alice","user_id":"1002","user_login":"bob","user_name":"bob","reason":"spam",
          "banned_at":"2023-11-14T22:13:20.000Z","ends_at":"2023-11-14T22:23:20.000Z","is_permanent":false})"));
  CHECK(events[1].name == "channel.unban");
  CHECK(nlohmann::json::parse(events[1].payload)["was_permanent"] == false);
  auto ban = nlohmann::json::parse(events[2].payload);
  CHECK(ban["ends_at"].is_null());
  CHECK(ban["is_permanent"] == true);
  CHECK(nlohmann::json::parse(events[3].payload)["was_permanent"] == true);
}
