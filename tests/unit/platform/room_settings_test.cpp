#include "platform/room_settings.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("a patch changes what it names and leaves the rest") {
  RoomSettings before{.emote_only = true, .followers_only = 10, .slow = 30};
  auto after = apply(RoomSettingsPatch{.emote_only = false, .unique = true, .slow = 120}, before).value();
  CHECK(after == RoomSettings{.followers_only = 10, .unique = true, .slow = 120});
  CHECK(apply(RoomSettingsPatch{}, before).value() == before);
  CHECK(apply(RoomSettingsPatch{.followers_only = 0, .subs_only = true}, before).value() ==
        RoomSettings{.emote_only = true, .followers_only = 0, .slow = 30, .subs_only = true});
}

TEST_CASE("a setting outside of its range is refused by name") {
  for (std::int64_t slow : {-1L, 121L, 4'294'967'296L}) {
    auto refused = apply(RoomSettingsPatch{.slow = slow}, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid);
    CHECK(refused.error().what == "slow cannot be " + std::to_string(slow));
    CHECK(refused.error().hint == "1 to 120 seconds between messages, or 0 for off");
  }
  for (std::int64_t minutes : {-2L, 129'601L, 1L << 40})
    CHECK(apply(RoomSettingsPatch{.followers_only = minutes}, {}).error().what ==
          "followers_only cannot be " + std::to_string(minutes));
  for (std::int64_t minutes : {-1L, 0L, 129'600L})
    CHECK(apply(RoomSettingsPatch{.followers_only = minutes}, {}).value().followers_only == minutes);
  for (std::int64_t slow : {0L, 1L, 120L})
    CHECK(apply(RoomSettingsPatch{.slow = slow}, {}).value().slow == slow);
}

TEST_CASE("AutoMod's level and what it does at its deadline") {
  AutomodSettings settings;
  CHECK(settings.level == 2);
  CHECK(settings.at_deadline == AtDeadline::hold);
  settings = apply(AutomodPatch{.level = 4}, settings).value();
  settings = apply(AutomodPatch{.at_deadline = AtDeadline::allow}, settings).value();
  CHECK(settings == AutomodSettings{.level = 4, .at_deadline = AtDeadline::allow});
  for (std::int64_t level : {-1L, 5L})
    CHECK(apply(AutomodPatch{.level = level}, {}).error().what == "level cannot be " + std::to_string(level));
  CHECK(parse_at_deadline("allow").value() == AtDeadline::allow);
  CHECK(parse_at_deadline("hold").value() == AtDeadline::hold);
  CHECK(parse_at_deadline("Hold").error().hint == "hold or allow");
}
