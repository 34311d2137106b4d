// Who has which emotes, as it changes.
#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

TEST_CASE("who lost an emote that was granted to many has the others yet") {
  EmoteGrants grants;
  for (int user : {1, 2})
    for (int emote : {30, 4, 4}) grants.put(UserId(user), EmoteId(emote));
  grants.end(UserId(1), EmoteId(4));
  grants.forget(EmoteId(30));
  grants.forget(EmoteId(5));
  CHECK(grants.of(UserId(1)).empty());
  REQUIRE(grants.of(UserId(2)).size() == 1);
  CHECK(grants.of(UserId(2)).front() == EmoteId(4));
  grants.put(UserId(1), EmoteId(30));
  CHECK(grants.of(UserId(1)).size() == 1);
  CHECK(grants.of(UserId(2)).size() == 1);
}

TEST_CASE("who got all bits back has cheered nowhere") {
  Cheerers cheerers;
  cheerers.put(UserId(1), ChannelId(1), 0);
  cheerers.put(UserId(1), ChannelId(1), 5);
  cheerers.put(UserId(1), ChannelId(2), 5);
  cheerers.put(UserId(1), ChannelId(1), 0);
  REQUIRE(cheerers.of(UserId(1)) != nullptr);
  CHECK(cheerers.of(UserId(1))->size() == 1);
  CHECK(cheerers.find(UserId(1), ChannelId(1)) == 0);
  cheerers.put(UserId(1), ChannelId(2), 0);
  CHECK(cheerers.of(UserId(1)) == nullptr);
}

TEST_CASE("whatever brings an emote or takes it is counted, and an answer tells the sets as they are") {
  TestHall hall;
  People& people = hall.rooms.people();
  const UserId user(8);
  const auto support = [&] {
    people.subscribers.put(user, {ChannelId(1), 1, 1, hall.clock.wall() + seconds(100)});
  };
  IrcPeer bob(hall);
  bob.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  bob.send("PASS oauth:t8\r\nNICK bob\r\nJOIN #demo\r\n");
  std::uint64_t changes = people.emote_changes();
  int lines = 0;
  const auto sets = [&]() -> std::string {
    CHECK(people.emote_changes() > changes);
    changes = people.emote_changes();
    hall.clock.advance(seconds(2));
    const std::string told = bob.send("PRIVMSG #demo :" + std::to_string(++lines) + "\r\n");
    const auto from = told.find("emote-sets=") + 11;
    return told.substr(from, told.find(';', from) - from);
  };
  people.emotes.add("adaBit", {.id = EmoteId(5), .channel = ChannelId(1), .owner = UserId(7), .bits = 100});
  CHECK(sets() == "0");
  people.cheerers.put(user, ChannelId(1), 100);
  CHECK(sets() == "0,54");
  people.grants.put(user, EmoteId(10));
  CHECK(sets() == "0,54,104");
  people.emotes.remove("adaBit", ChannelId(1));
  CHECK(sets() == "0,104");
  support();
  CHECK(sets() == "0,11,104");
  people.grants.end(user, EmoteId(10));
  CHECK(sets() == "0,11");
  people.subscribers.end(user, ChannelId(1));
  CHECK(sets() == "0");
  support();
  people.grants.put(user, EmoteId(11));
  CHECK(sets() == "0,11,114");
  people.grants.forget(EmoteId(11));
  CHECK(sets() == "0,11");
  people.subscribers.forget_lapsed(hall.clock.wall() + seconds(100));
  CHECK(sets() == "0");
  people.subscribers.forget_lapsed(hall.clock.wall());
  CHECK(people.emote_changes() == changes);
}
