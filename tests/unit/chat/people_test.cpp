// Subscribers, their emotes and badges; followers; bots.
#include <catch2/catch.hpp>

#include "chat/badges.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
struct Salon : TestHall {
  Room& room = rooms.open(directory.channels["demo"]);
  User bob = user(8, "bob"), cyd = user(9, "cyd");
  void support(const User& who, int tier, std::int64_t months, ChannelId channel = ChannelId(1)) {
    rooms.people().subscribers.put(who.id, {channel, tier, months, clock.wall() + seconds(100)});
  }
  void set(RoomSettings settings) { room.change_settings(settings); }
  std::optional<Refusal> say(const User& who, std::string_view text) {
    std::optional<Refusal> refused;
    path.take(room, {.author = who, .typed = text}, [&](const Outcome& outcome) {
      if (!outcome) refused = outcome.error();
    });
    clock.advance(seconds(2));
    return refused;
  }
};

std::string ids(const std::vector<EmoteUse>& uses) {
  std::string all;
  for (const EmoteUse& use : uses) all += use.id + " ";
  return all;
}
}  // namespace

TEST_CASE("a subscriber's badge grows in steps, and the exact months stand beside it") {
  const auto badge = [](int tier, std::int64_t months) {
    const Badge last = badges_of({.subscriber = true, .tier = tier, .months = months}).back();
    return last.version + "," + last.info;
  };
  CHECK(badge(1, 1) == "0,1");
  CHECK(badge(1, 2) == "2,2");
  CHECK(badge(1, 5) == "3,5");
  CHECK(badge(1, 17) == "12,17");
  CHECK(badge(1, 500) == "126,500");
  CHECK(badge(2, 1) == "2000,1");
  CHECK(badge(2, 4) == "2003,4");
  CHECK(badge(3, 24) == "3024,24");
  const auto all =
      badges_of({.broadcaster = true, .moderator = true, .vip = true, .subscriber = true, .tier = 1});
  REQUIRE(all.size() == 4);
  CHECK((all[0].set == "broadcaster" && all[1].set == "moderator" && all[2].set == "vip"));
}

TEST_CASE("subscriptions make subscribers of a room, until they end or time ends them") {
  Salon salon;
  auto& subscribers = salon.rooms.people().subscribers;
  CHECK_FALSE(salon.room.roles_of(salon.bob).subscriber);
  salon.support(salon.bob, 2, 7);
  salon.support(salon.bob, 1, 1, ChannelId(2));
  const Roles roles = salon.room.roles_of(salon.bob);
  CHECK((roles.subscriber && roles.tier == 2 && roles.months == 7));
  CHECK_FALSE(salon.room.roles_of(salon.cyd).subscriber);
  subscribers.end(salon.bob.id, ChannelId(1));
  subscribers.end(salon.bob.id, ChannelId(1));
  CHECK_FALSE(salon.room.roles_of(salon.bob).subscriber);
  CHECK(subscribers.of(salon.bob.id).size() == 1);
  subscribers.forget_lapsed(salon.clock.wall() + seconds(99));
  CHECK(subscribers.users() == 1);
  subscribers.forget_lapsed(salon.clock.wall() + seconds(100));
  CHECK(subscribers.users() == 0);
}

TEST_CASE("an emote is found for those who have it, wherever they chat") {
  Salon salon;
  auto& people = salon.rooms.people();
  people.emotes.add("Wave", {EmoteId(1), {}, {}, 0});
  people.emotes.add("adaHi", {EmoteId(2), ChannelId(1), UserId(7), 1});
  people.emotes.add("adaGold", {EmoteId(3), ChannelId(1), UserId(7), 3});
  const std::string text = "Wave adaHi adaGold x";
  const auto found = [&](const User& who, ChannelId room = ChannelId(1)) {
    return ids(people.emotes_in(text, who.id, room));
  };
  CHECK(found(salon.cyd) == "1 ");
  salon.support(salon.bob, 1, 1);
  CHECK(found(salon.bob) == "1 2 ");
  CHECK(found(salon.bob, ChannelId(2)) == "1 2 ");
  salon.support(salon.bob, 3, 1);
  CHECK(found(salon.bob) == "1 2 3 ");
  CHECK(found(user(7, "ada")) == "1 2 3 ");  // her own channel's
  people.emotes.remove("adaHi", ChannelId(2));
  CHECK(found(salon.bob) == "1 2 3 ");
  people.emotes.remove("adaHi", ChannelId(1));
  CHECK(found(salon.bob) == "1 3 ");
  CHECK(people.emote_sets_of(salon.bob.id) == "0,11,12,13");
  CHECK(people.emote_sets_of(salon.cyd.id) == "0");
}

TEST_CASE(
    "of several emotes of one code the global one is meant, then the room's, then the oldest channel's") {
  Salon salon;
  auto& people = salon.rooms.people();
  for (std::int64_t channel : {3, 1, 2}) {
    people.emotes.add("Hi", {EmoteId(channel), ChannelId(channel), UserId(70 + channel), 1});
    salon.support(salon.bob, 1, 1, ChannelId(channel));
  }
  const auto found = [&](std::int64_t room) {
    return ids(people.emotes_in("Hi", salon.bob.id, ChannelId(room)));
  };
  CHECK(found(2) == "2 ");
  CHECK(found(3) == "3 ");
  CHECK(found(0) == "1 ");
  people.subscribers.end(salon.bob.id, ChannelId(1));
  CHECK(found(0) == "2 ");
  people.emotes.add("Hi", {EmoteId(9), {}, {}, 0});
  CHECK(found(3) == "9 ");
}

TEST_CASE("an emote for bits is theirs who have cheered in its channel with as many") {
  Salon salon;
  auto& people = salon.rooms.people();
  people.emotes.add("adaBit", {.id = EmoteId(5), .channel = ChannelId(1), .owner = UserId(7), .bits = 100});
  people.emotes.add("adaBits",
                    {.id = EmoteId(16), .channel = ChannelId(1), .owner = UserId(7), .bits = 1000});
  const auto found = [&](const User& who, ChannelId room = ChannelId(1)) {
    return ids(people.emotes_in("adaBit adaBits", who.id, room)) + people.emote_sets_of(who.id);
  };
  CHECK(found(salon.bob) == "0");
  salon.support(salon.bob, 3, 1);
  CHECK(found(salon.bob) == "0,11,12,13");
  people.cheerers.put(salon.cyd.id, ChannelId(2), 5000);
  people.cheerers.put(salon.cyd.id, ChannelId(1), 99);
  CHECK(found(salon.cyd) == "0");
  people.cheerers.put(salon.cyd.id, ChannelId(1), 100);
  CHECK(found(salon.cyd, ChannelId(2)) == "5 0,54");
  people.cheerers.put(salon.cyd.id, ChannelId(1), 1000);
  CHECK(found(salon.cyd) == "5 16 0,54,164");
  people.cheerers.put(salon.cyd.id, ChannelId(1), 999);  // some were given back
  CHECK(found(salon.cyd) == "5 0,54");
  CHECK(found(user(7, "ada")) == "5 16 0");  // her own channel's
  people.emotes.add("adaBit", {.id = EmoteId(17), .channel = ChannelId(1), .owner = UserId(7), .bits = 2000});
  CHECK(found(salon.cyd) == "0");
  people.emotes.remove("adaBits", ChannelId(1));
  people.cheerers.put(salon.cyd.id, ChannelId(1), 2000);
  CHECK(found(salon.cyd) == "17 0,174");
}

TEST_CASE("an emote that was granted is had until it is taken back, whatever it is otherwise for") {
  Salon salon;
  auto& people = salon.rooms.people();
  people.emotes.add("adaGold", {.id = EmoteId(3), .channel = ChannelId(1), .owner = UserId(7), .tier = 3});
  people.emotes.add("adaBit", {.id = EmoteId(4), .channel = ChannelId(1), .owner = UserId(7), .bits = 100});
  people.emotes.add("adaOwn",
                    {.id = EmoteId(5), .channel = ChannelId(1), .owner = UserId(7), .granted_only = true});
  people.emotes.add("secret", {.id = EmoteId(10), .granted_only = true});
  const auto found = [&](const User& who) {
    return ids(people.emotes_in("adaGold adaBit adaOwn secret", who.id, {})) + people.emote_sets_of(who.id);
  };
  CHECK(found(user(7, "ada")) == "3 4 5 0");  // a global one is not hers
  salon.support(salon.cyd, 2, 1);
  CHECK(found(salon.cyd) == "0,11,12");
  for (int id : {10, 3, 4, 3}) people.grants.put(salon.bob.id, EmoteId(id));
  CHECK(found(salon.bob) == "3 4 10 0,34,44,104");
  people.cheerers.put(salon.bob.id, ChannelId(1), 100);
  CHECK(found(salon.bob) == "3 4 10 0,34,44,104");
  people.grants.end(salon.bob.id, EmoteId(4));
  people.grants.end(salon.cyd.id, EmoteId(4));
  CHECK(found(salon.bob) == "3 4 10 0,34,44,104");
  people.grants.end(salon.bob.id, EmoteId(3));
  people.grants.put(salon.bob.id, EmoteId(5));
  CHECK(found(salon.bob) == "4 5 10 0,44,54,104");
  people.grants.forget(EmoteId(5));
  people.grants.forget(EmoteId(10));
  CHECK(found(salon.bob) == "4 0,44");
  CHECK(people.grants.of(salon.bob.id).empty());
}

TEST_CASE("turbo and prime are badges, in rooms and beside them") {
  Salon salon;
  auto& premiums = salon.rooms.people().premiums;
  premiums.put(salon.bob.id, platform::Premium::turbo);
  salon.support(salon.bob, 1, 1);
  IrcPeer ada(salon), bob(salon);
  ada.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\n");
  bob.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  CHECK(bob.send("PASS oauth:t8\r\nNICK bob\r\n")
            .find("@badge-info=;badges=turbo/1;color=;display-name=Bob;emote-sets=0,11;turbo=1;user-id=8;") !=
        std::string::npos);
  CHECK(bob.send("JOIN #demo\r\n").find(";subscriber=1;turbo=1;") != std::string::npos);
  const auto told = [&](std::string_view words) {
    salon.clock.advance(seconds(2));
    bob.send("PRIVMSG #demo :" + std::string(words) + "\r\n");
    salon.flush();
    return ada.outlet.take_delivered() + ada.outlet.take_sent();
  };
  std::string line = told("one");
  CHECK(line.find(";badges=subscriber/0,turbo/1;") != std::string::npos);
  CHECK(line.find(";turbo=1;user-id=8;") != std::string::npos);
  line = told("/w ada psst");
  CHECK(line.find("@badges=turbo/1;") != std::string::npos);
  CHECK(line.find(";turbo=1;user-id=8;user-type= :bob!bob@bob.tmi.twitch.tv WHISPER") != std::string::npos);
  premiums.put(salon.bob.id, platform::Premium::prime);
  line = told("two");
  CHECK(line.find(";badges=subscriber/0,premium/1;") != std::string::npos);
  CHECK(line.find(";turbo=0;user-id=8;") != std::string::npos);
  premiums.put(salon.bob.id, platform::Premium::none);
  CHECK(told("three").find(";badges=subscriber/0;") != std::string::npos);
}

TEST_CASE("emote-only mode lets a subscriber's emotes through, and their words from nobody else") {
  Salon salon;
  salon.rooms.people().emotes.add("adaHi", {EmoteId(2), ChannelId(1), UserId(7), 1});
  salon.support(salon.bob, 1, 1);
  salon.set({.emote_only = true});
  CHECK_FALSE(salon.say(salon.bob, "adaHi adaHi"));
  CHECK(salon.say(salon.cyd, "adaHi")->reason == Reason::emote_only);
  REQUIRE(salon.room.history().last(9).size() == 1);
  CHECK(ids(salon.room.history().last(1)[0]->emotes) == "2 2 ");
}

TEST_CASE("subscribers-only mode is for subscribers") {
  Salon salon;
  salon.set({.subs_only = true});
  CHECK(salon.say(salon.bob, "one")->reason == Reason::subs_only);
  salon.support(salon.bob, 1, 1);
  CHECK_FALSE(salon.say(salon.bob, "two"));
}

TEST_CASE("followers-only mode counts how long one has followed") {
  Salon salon;
  salon.set({.followers_only = 10});
  auto refused = salon.say(salon.bob, "one");
  REQUIRE(refused);
  CHECK(words_for(*refused).notice_id == "msg_followersonly");
  CHECK(words_for(*refused).text ==
        "This room is in 10 minutes followers-only mode. Follow demo, and talk here after that time.");
  CHECK_FALSE(refused->retry_after);

  salon.room.standing().follow(salon.bob.id, salon.clock.wall());
  salon.clock.advance(seconds(90));
  refused = salon.say(salon.bob, "two");
  REQUIRE(refused);
  CHECK(words_for(*refused).notice_id == "msg_followersonly_followed");
  CHECK(words_for(*refused).text ==
        "This room is in 10 minutes followers-only mode. You have followed demo for 1 minute 30 seconds so "
        "far.");
  CHECK(refused->retry_after == milliseconds(510'000));
  salon.clock.advance(seconds(508));
  CHECK_FALSE(salon.say(salon.bob, "three"));
  salon.room.standing().unfollow(salon.bob.id);
  CHECK(salon.say(salon.bob, "four"));

  salon.set({.followers_only = 0});
  refused = salon.say(salon.bob, "five");
  REQUIRE(refused);
  CHECK(words_for(*refused).notice_id == "msg_followersonly_zero");
  CHECK(words_for(*refused).code == ErrorCode::followers_only);
  salon.room.standing().follow(salon.bob.id, salon.clock.wall());
  CHECK_FALSE(salon.say(salon.bob, "six"));
  CHECK(salon.say(salon.cyd, "seven"));
  salon.support(salon.cyd, 1, 1);
  CHECK_FALSE(salon.say(salon.cyd, "eight"));
}

TEST_CASE("a verified bot has a window of its own and no cooldown, and the room's modes bind it") {
  Salon salon;
  User bot = salon.cyd;
  bot.bot = true;
  const auto burst = [&](const User& who) {
    int sent = 0;
    for (int i = 0; i < 200; ++i)
      salon.path.take(salon.room, {.author = who, .typed = "line " + std::to_string(i)},
                      [&](const Outcome& outcome) { sent += outcome.has_value(); });
    return sent;
  };
  CHECK(burst(salon.bob) == 1);
  CHECK(burst(bot) == 50);
  salon.clock.advance(seconds(31));
  salon.room.standing().grant(Standing::Role::moderator, bot.id, "cyd");
  CHECK(burst(bot) == 100);
  salon.room.standing().revoke(Standing::Role::moderator, bot.id);
  salon.clock.advance(seconds(31));
  salon.set({.subs_only = true});
  CHECK(salon.say(bot, "hi")->reason == Reason::subs_only);
}

TEST_CASE("an IRC line says a subscriber's months, color and emote sets") {
  Salon salon;
  salon.support(salon.bob, 2, 4);
  salon.directory.tokens["t8"].user.color = "#FF4500";
  IrcPeer bob(salon), ada(salon);
  bob.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  const std::string welcome = bob.send("PASS oauth:t8\r\nNICK bob\r\n");
  CHECK(welcome.find(";color=#FF4500;display-name=Bob;emote-sets=0,11,12;") != std::string::npos);
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\n");
  const std::string joined = bob.send("JOIN #demo\r\n");
  CHECK(joined.find("@badge-info=subscriber/4;badges=subscriber/2003;color=#FF4500;display-name=Bob;"
                    "emote-sets=0,11,12;mod=0;subscriber=1;") != std::string::npos);
  bob.send("PRIVMSG #demo :hi\r\n");
  salon.flush();
  const std::string line = ada.outlet.take_delivered();
  CHECK(line.find("@badge-info=subscriber/4;badges=subscriber/2003;color=#FF4500;") != std::string::npos);
  CHECK(line.find(";subscriber=1;") != std::string::npos);
}
