#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::AtDeadline;
using platform::AutomodPatch;
using platform::AutomodSettings;
using platform::RoomSettings;
using platform::RoomSettingsPatch;

TEST_CASE("a room that nobody has changed has the defaults") {
  Fresh fresh;
  Channel demo = fresh.channel();
  CHECK(fresh->rooms().settings(demo.id).value() == RoomSettings{});
  CHECK(fresh->rooms().automod(demo.id).value() == AutomodSettings{});
  CHECK(code_of(fresh->rooms().settings(ChannelId(99))) == Errc::not_found);
  CHECK(code_of(fresh->rooms().change(ChannelId(99), AutomodPatch{}, shell)) == Errc::not_found);
}

TEST_CASE("settings are changed one by one, and stay") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("other");
  auto first =
      fresh->rooms().change(demo.id, RoomSettingsPatch{.followers_only = 0, .slow = 30}, shell).value();
  CHECK(first.changed());
  CHECK(first.before == RoomSettings{});
  CHECK(first.after == RoomSettings{.followers_only = 0, .slow = 30});
  REQUIRE(fresh->rooms().change(demo.id, AutomodPatch{.level = 4, .at_deadline = AtDeadline::allow}, shell));
  RoomSettingsPatch all{.emote_only = true, .unique = true, .slow = 0, .subs_only = true};
  auto second = fresh->rooms().change(demo.id, all, shell).value();
  CHECK(second.before == first.after);
  RoomSettings now{.emote_only = true, .followers_only = 0, .unique = true, .subs_only = true};
  CHECK(second.after == now);
  fresh.store = open_store(fresh.url, fresh.clock, fresh.random).value();
  CHECK(fresh->rooms().settings(demo.id).value() == now);
  CHECK(fresh->rooms().automod(demo.id).value() == AutomodSettings{4, AtDeadline::allow});
  CHECK(fresh->rooms().settings(other.id).value() == RoomSettings{});
}

TEST_CASE("a change that changes nothing, or is refused, leaves no trace") {
  Fresh fresh;
  Channel demo = fresh.channel();
  REQUIRE(fresh->rooms().change(demo.id, RoomSettingsPatch{.slow = 30}, shell));
  auto same =
      fresh->rooms().change(demo.id, RoomSettingsPatch{.emote_only = false, .slow = 30}, shell).value();
  CHECK_FALSE(same.changed());
  CHECK(code_of(fresh->rooms().change(demo.id, RoomSettingsPatch{.unique = true, .slow = 121}, shell)) ==
        Errc::invalid);
  CHECK(code_of(fresh->rooms().change(demo.id, AutomodPatch{.level = 5}, shell)) == Errc::invalid);
  CHECK(fresh->rooms().settings(demo.id).value() == RoomSettings{.slow = 30});
  CHECK(fresh->audit().head().value().id == 1);
  CHECK(fresh.event_names().size() == 2);
}

TEST_CASE("a room's change is audited with what changed, and told by Helix' names") {
  Fresh fresh;
  Channel demo = fresh.channel();
  Actor alice{demo.owner, "alice", "192.0.2.7"};
  REQUIRE(fresh->rooms().change(demo.id, RoomSettingsPatch{.followers_only = 10, .slow = 30}, alice));
  REQUIRE(fresh->rooms().change(demo.id, RoomSettingsPatch{.followers_only = -1, .slow = 0}, alice));
  REQUIRE(fresh->rooms().change(demo.id, AutomodPatch{.level = 3}, alice));
  auto audit = fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 3);
  CHECK(audit[0].action == "room.settings");
  CHECK(audit[0].channel == demo.id);
  CHECK(audit[0].target == "channel:demo");
  CHECK(audit[0].context ==
        R"({"before":{"followers_only":-1,"slow":0},"after":{"followers_only":10,"slow":30}})");
  CHECK(audit[2].action == "automod.settings");
  CHECK(audit[2].context == R"({"before":{"level":2},"after":{"level":3}})");

  auto events = fresh->events().since(Cursor(1)).value();
  REQUIRE(events.size() == 3);
  CHECK(events[0].name == "channel.chat_settings.update");
  auto on = nlohmann::json::parse(events[0].payload);
  CHECK(on["broadcaster_user_login"] == "alice");
  CHECK(on["emote_mode"] == false);
  CHECK(on["follower_mode"] == true);
  CHECK(on["follower_mode_duration_minutes"] == 10);
  CHECK(on["slow_mode"] == true);
  CHECK(on["slow_mode_wait_time_seconds"] == 30);
  CHECK(on["subscriber_mode"] == false);
  CHECK(on["unique_chat_mode"] == false);
  auto off = nlohmann::json::parse(events[1].payload);
  CHECK(off["follower_mode"] == false);
  CHECK(off["follower_mode_duration_minutes"].is_null());
  CHECK(off["slow_mode"] == false);
  CHECK(off["slow_mode_wait_time_seconds"].is_null());
  CHECK(events[2].name == "automod.settings.update");
  CHECK(nlohmann::json::parse(events[2].payload)["overall_level"] == 3);
  CHECK(nlohmann::json::parse(events[2].payload)["at_deadline"] == "hold");
}
