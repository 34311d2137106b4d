// What a room is told of subscriptions, gifts and raids, on both wires.
#include "chat/user_notice.hpp"

#include <catch2/catch.hpp>

#include "chat/badges.hpp"
#include "chat/irc_lines.hpp"
#include "irc/message.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using Kind = UserNotice::Kind;

namespace {
UserNotice notice(Kind kind) {
  UserNotice notice;
  notice.kind = kind;
  notice.id = "i1";
  notice.at = Wall(milliseconds(1'700'000'000'000));
  notice.channel = {ChannelId(1), "demo", UserId(7), "ada"};
  notice.user = user(8, "bob");
  notice.months = 1;
  return notice;
}

struct Read {
  std::string line;
  irc::Message message;
  std::string operator[](std::string_view tag) const { return std::string(irc::find_tag(message.tags, tag)); }
};

Read as_irc(const UserNotice& notice) {
  Read read;
  write_user_notice(read.line, {"tmi.twitch.tv", true}, notice);
  REQUIRE(read.line.ends_with("\r\n"));
  read.message = irc::parse_message(std::string_view(read.line).substr(0, read.line.size() - 2)).value();
  return read;
}

std::string as_json(const UserNotice& notice) {
  std::string out;
  write_user_notice_object(out, notice);
  return out;
}
}  // namespace

TEST_CASE("a first subscription") {
  UserNotice first = notice(Kind::sub);
  first.plan = platform::Plan::tier2;
  first.roles = {.subscriber = true, .tier = 2, .months = 1};
  first.badges = badges_of(first.roles);
  std::string out;
  write_user_notice(out, {"tmi.twitch.tv", true}, first);
  CHECK(out ==
        "@badge-info=subscriber/1;badges=subscriber/"
        "2000;color=;display-name=Bob;emotes=;flags=;id=i1;login=bob;"
        "mod=0;msg-id=sub;msg-param-cumulative-months=1;msg-param-months=0;msg-param-multimonth-duration=1;"
        "msg-param-multimonth-tenure=0;msg-param-should-share-streak=0;msg-param-sub-plan=2000;"
        "msg-param-sub-plan-name=Tier\\s2;msg-param-was-gifted=false;room-id=1;subscriber=1;"
        "system-msg=Bob\\ssubscribes\\s(tier\\s2).;tmi-sent-ts=1700000000000;turbo=0;user-id=8;user-type= "
        ":tmi.twitch.tv USERNOTICE #demo\r\n");
  CHECK(
      as_json(first) ==
      R"({"type":"subscribed","channel":"demo","id":"i1","at":1700000000000,"user":{"id":"8","login":"bob",)"
      R"("name":"Bob"},"badges":[["subscriber","2000"]],"plan":"2000","tier":2,"months":1,)"
      R"("system":"Bob subscribes (tier 2)."})");
}

TEST_CASE("a month that is shared, with what its subscriber says") {
  UserNotice again = notice(Kind::resub);
  again.plan = platform::Plan::prime;
  again.months = 14;
  again.streak = 3;
  again.text = "hi; there";
  again.emotes = {{"5", 0, 1}};
  const Read read = as_irc(again);
  CHECK(read["msg-id"] == "resub");
  CHECK(read["msg-param-cumulative-months"] == "14");
  CHECK(read["msg-param-should-share-streak"] == "1");
  CHECK(read["msg-param-streak-months"] == "3");
  CHECK(read["msg-param-sub-plan"] == "Prime");
  CHECK(read["emotes"] == "5:0-1");
  CHECK(read["system-msg"] == "Bob subscribes (Prime). That makes 14 months, 3 in a row.");
  CHECK(read.message.params.back() == "hi; there");
  CHECK(as_json(again).ends_with(
      R"("plan":"Prime","tier":1,"months":14,"streak":3,"system":"Bob subscribes (Prime). That makes 14 months, )"
      R"(3 in a row.","text":"hi; there","emotes":[["5",0,1]]})"));
}

TEST_CASE("a gift to one, and several to whom chance has it") {
  UserNotice one = notice(Kind::sub_gift);
  one.recipient = user(9, "cyd");
  one.gift = "77";
  one.total = 4;
  Read read = as_irc(one);
  CHECK(read["msg-id"] == "subgift");
  CHECK(read["msg-param-gift-months"] == "1");
  CHECK(read["msg-param-months"] == "1");
  CHECK(read["msg-param-origin-id"] == "77");
  CHECK(read["msg-param-community-gift-id"].empty());
  CHECK(read["msg-param-recipient-id"] == "9");
  CHECK(read["msg-param-recipient-user-name"] == "cyd");
  CHECK(read["msg-param-recipient-display-name"] == "Cyd");
  CHECK(read["msg-param-sender-count"] == "4");
  CHECK(read["system-msg"] == "Bob gives Cyd a subscription (tier 1). That makes 4 so far.");
  CHECK(as_json(one).find(R"("type":"gifted")") != std::string::npos);
  CHECK(as_json(one).find(R"("gift":"77","total":4,"to":{"id":"9","login":"cyd","name":"Cyd"},"months":1)") !=
        std::string::npos);
  one.total = 1;
  CHECK(system_message(one) == "Bob gives Cyd a subscription (tier 1).");
  one.total = 4;
  one.community = true;
  CHECK(as_irc(one)["msg-param-community-gift-id"] == "77");
  CHECK(as_irc(one)["msg-param-sender-count"] == "0");

  UserNotice many = notice(Kind::mystery_gift);
  many.gift = "78";
  many.community = true;
  many.count = 5;
  many.total = 9;
  read = as_irc(many);
  CHECK(read["msg-id"] == "submysterygift");
  CHECK(read["msg-param-mass-gift-count"] == "5");
  CHECK(read["system-msg"] ==
        "Bob gives 5 subscriptions (tier 1) to followers of demo. That makes 9 so far.");
  CHECK(read["msg-param-sender-count"] == "9");
  CHECK(read["msg-param-community-gift-id"] == "78");
  CHECK(as_json(many).find(R"("type":"gifts")") != std::string::npos);
  CHECK(as_json(many).find(R"("count":5)") != std::string::npos);
}

TEST_CASE("who gives anonymously is nobody") {
  UserNotice one = notice(Kind::sub_gift);
  one.user = {};
  one.recipient = user(9, "cyd");
  const Read read = as_irc(one);
  CHECK(read["login"] == "ananonymousgifter");
  CHECK(read["display-name"] == "AnAnonymousGifter");
  CHECK(read["user-id"] == "274598607");  // by which the dialect's clients tell
  CHECK(as_json(one).find(R"("user":null)") != std::string::npos);
}

TEST_CASE("a raid") {
  UserNotice raid = notice(Kind::raid);
  raid.count = 42;
  const Read read = as_irc(raid);
  CHECK(read["msg-id"] == "raid");
  CHECK(read["msg-param-displayName"] == "Bob");
  CHECK(read["msg-param-login"] == "bob");
  CHECK(read["msg-param-viewerCount"] == "42");
  CHECK(read.message.tags.end() !=
        std::ranges::find(read.message.tags, "msg-param-profileImageURL", &irc::Tags::value_type::first));
  CHECK(read["system-msg"] == "Bob comes with 42 raiders.");
  CHECK(as_json(raid).find(R"("viewers":42,"system":)") != std::string::npos);
}

TEST_CASE("only clients that asked for commands are told, and pages are") {
  TestHall hall;
  IrcPeer asked(hall), bare(hall);
  JsonPeer page(hall);
  asked.log_in("t7", "ada");
  bare.log_in("t8", "bob", false);
  for (IrcPeer* peer : {&asked, &bare}) peer->send("JOIN #demo\r\n");
  page.send(R"({"type":"join","channel":"demo"})");
  hall.rooms.find("demo")->tell(std::make_shared<const UserNotice>(notice(Kind::raid)));
  hall.flush();
  CHECK(asked.outlet.take_delivered().find(" USERNOTICE #demo\r\n") != std::string::npos);
  CHECK(bare.outlet.take_delivered().empty());
  CHECK(page.outlet.take_delivered().find(R"("type":"raided")") != std::string::npos);
  CHECK(hall.rooms.find("demo")->history().last(9).empty());
}
