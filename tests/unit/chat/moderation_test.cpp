// Who may do what to whom, what is asked of the platform, and what the asker is told.
#include "chat/moderation.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using Role = Standing::Role;

namespace {
// ada is the broadcaster of #demo, bob and eve are moderators, vic is a VIP, cyd is nobody in particular.
struct Court {
  TestHall hall;
  FakeActs& acts = hall.acts;
  Room& room = hall.rooms.open(hall.directory.channels["demo"]);

  Court() {
    room.standing().grant(Role::moderator, UserId(8), "bob");
    room.standing().grant(Role::moderator, UserId(10), "eve");
    room.standing().grant(Role::vip, UserId(11), "vic");
  }
  // The notice's id.
  std::string ask(const User& by, std::string_view line) {
    auto command = parse_command(line);
    INFO(line);
    REQUIRE(command);
    last = {};
    hall.moderation.carry_out(room, By{by, "192.0.2.1"}, *command,
                              [this](const Notice& notice) { last = notice; });
    return last.id;
  }
  Notice last;
  User ada = user(7, "ada"), bob = user(8, "bob"), cyd = user(9, "cyd"), vic = user(11, "vic");
};
}  // namespace

TEST_CASE("nobody acts without the role for it") {
  Court court;
  for (const CommandRule& rule : command_rules()) {
    if (rule.act == Act::announce || rule.act == Act::disconnect) continue;
    std::string line = std::string(rule.word) + " zed 10";
    for (const char* rest : {"", " 3", " hold", " add zed"})
      if (!parse_command(line)) line = std::string(rule.word) + rest;
    if (!parse_command(line)) continue;
    INFO(line);
    for (const User& by : {court.cyd, court.vic})
      CHECK((court.ask(by, line) == "no_permission") == (rule.needs != Needs::nobody));
    CHECK((court.ask(court.bob, line) == "no_permission") == (rule.needs == Needs::broadcaster));
    CHECK(court.ask(court.ada, line) != "no_permission");
  }
  CHECK(court.ask(User{{}, "justinfan1", "justinfan1", ""}, "mods") == "no_permission");
}

TEST_CASE(
    "an act upon a user is kept with the last twenty lines of that user, one upon the room with the room's") {
  Court court;
  for (int i = 1; i <= 30; ++i)
    for (const User& author : {court.cyd, court.vic})
      court.room.publish(
          {.at = court.hall.clock.wall(), .author = author, .text = author.login + std::to_string(i)},
          nullptr);
  const auto texts = [&] {
    std::vector<std::string> said;
    const auto context = nlohmann::json::parse(court.acts.context);
    for (const auto& message : context["messages"]) said.push_back(message["text"]);
    return said;
  };
  REQUIRE(court.ask(court.bob, "ban cyd") == "ban_success");
  const auto about = texts();
  REQUIRE(about.size() == 20);
  CHECK(about.front() == "cyd11");
  CHECK(about.back() == "cyd30");
  court.ask(court.bob, "clear");
  const auto all = texts();
  REQUIRE(all.size() == 20);
  CHECK(all.front() == "cyd21");
  CHECK(all.back() == "vic30");
}

TEST_CASE("a banned moderator acts no more") {
  Court court;
  court.room.standing().ban(UserId(8), {"bob", court.hall.clock.wall() + seconds(60)});
  CHECK(court.ask(court.bob, "ban cyd") == "no_permission");
  CHECK(court.acts.asked.empty());
  court.hall.clock.advance(seconds(61));
  CHECK(court.ask(court.bob, "ban cyd") == "ban_success");
}

TEST_CASE("bans and timeouts are asked of the platform with who, whom, how long and why") {
  Court court;
  CHECK(court.ask(court.bob, "ban Cyd not nice") == "ban_success");
  CHECK(court.ask(court.ada, "timeout cyd 90 calm") == "timeout_success");
  CHECK(court.last.text == "cyd has been timed out for 1 minute 30 seconds.");
  CHECK(court.acts.asked ==
        std::vector<std::string>{"ban 1 bob@192.0.2.1 cyd not nice", "ban 1 ada@192.0.2.1 cyd calm 90"});
  court.acts.error = Error{Errc::exists, "banned", {}};
  CHECK(court.ask(court.bob, "ban cyd") == "already_banned");
  court.acts.error = Error{Errc::conflict, "banned for ever", {}};
  CHECK(court.ask(court.bob, "timeout cyd") == "already_banned");
  court.acts.error = Error{Errc::not_found, "no user", {}};
  CHECK(court.ask(court.bob, "ban nobody") == "invalid_user");
  court.acts.error = Error{Errc::unavailable, "busy", {}};
  CHECK(court.ask(court.bob, "ban cyd") == "unavailable_command");
}

TEST_CASE("some cannot be banned by some") {
  Court court;
  CHECK(court.ask(court.bob, "ban bob") == "bad_ban_self");
  CHECK(court.ask(court.bob, "timeout bob") == "bad_timeout_self");
  CHECK(court.ask(court.bob, "ban ada") == "bad_ban_broadcaster");
  CHECK(court.ask(court.bob, "timeout eve 5") == "bad_timeout_mod");
  CHECK(court.acts.asked.empty());
  CHECK(court.ask(court.ada, "ban eve") == "ban_success");
  CHECK(court.ask(court.bob, "ban vic") == "ban_success");
}

TEST_CASE("unban tells what there was to lift") {
  Court court;
  for (const auto& [lifted, id] : {std::pair{Acts::Lifted::nothing, "bad_unban_no_ban"},
                                   std::pair{Acts::Lifted::timeout, "untimeout_success"},
                                   std::pair{Acts::Lifted::ban, "unban_success"}}) {
    court.acts.lifted = lifted;
    CHECK(court.ask(court.bob, "unban cyd") == id);
  }
}

TEST_CASE("roles are given and taken by the broadcaster, and listed for all") {
  Court court;
  CHECK(court.ask(court.ada, "mod cyd") == "mod_success");
  CHECK(court.ask(court.ada, "unvip vic") == "unvip_success");
  court.acts.changed = false;
  CHECK(court.ask(court.ada, "mod bob") == "bad_mod_mod");
  CHECK(court.ask(court.ada, "unmod cyd") == "bad_unmod_mod");
  CHECK(court.ask(court.ada, "vip vic") == "bad_vip_grantee_already_vip");
  CHECK(court.ask(court.ada, "unvip cyd") == "bad_unvip_grantee_not_vip");
  CHECK(court.ask(court.ada, "mod ada") == "bad_mod_mod");
  CHECK(court.ask(court.ada, "unmod ada") == "bad_unmod_mod");
  CHECK(court.ask(court.ada, "vip ada") == "bad_vip_grantee_already_vip");
  CHECK(court.ask(court.ada, "unvip ada") == "bad_unvip_grantee_not_vip");
  court.room.standing().ban(UserId(9), {"cyd", {}});
  CHECK(court.ask(court.ada, "mod cyd") == "bad_mod_banned");
  CHECK(court.ask(court.ada, "vip cyd") == "bad_vip_grantee_banned");
  CHECK(court.ask(court.cyd, "mods") == "no_permission");  // banned
  CHECK(court.ask(court.vic, "mods") == "room_mods");
  CHECK(court.last.text == "The moderators of this channel are: bob, eve");
  CHECK(court.ask(court.vic, "vips") == "vips_success");
  CHECK(court.last.text == "The VIPs of this channel are: vic.");
}

TEST_CASE("messages are deleted by those who may") {
  Court court;
  const auto said = [&](const User& by) {
    Message message;
    message.id = "m-" + by.login;
    message.author = by;
    message.text = "hello";
    return court.room.publish(std::move(message), nullptr)->id;
  };
  const std::string by_ada = said(court.ada), by_bob = said(court.bob), by_eve = said(user(10, "eve")),
                    by_cyd = said(court.cyd);
  CHECK(court.ask(court.bob, "delete " + by_cyd) == "delete_message_success");
  CHECK(court.ask(court.bob, "delete " + by_bob) == "delete_message_success");
  CHECK(court.ask(court.bob, "delete " + by_eve) == "bad_delete_message_mod");
  CHECK(court.ask(court.bob, "delete " + by_ada) == "bad_delete_message_broadcaster");
  CHECK(court.ask(court.ada, "delete " + by_eve) == "delete_message_success");
  CHECK(court.ask(court.bob, "delete 123") == "bad_delete_message_error");
  CHECK(court.ask(court.bob, "clear") == "clear_success");
  CHECK(court.acts.asked.back() == "clear 1 bob@192.0.2.1");
  CHECK(court.ask(court.bob, "clear a raid of bots") == "clear_success");
  CHECK(court.acts.asked.back() == "clear 1 bob@192.0.2.1 a raid of bots");
  CHECK(court.ask(court.bob, "delete " + by_cyd + " an address") == "delete_message_success");
  CHECK(court.acts.asked.back() == "remove 1 bob@192.0.2.1 " + by_cyd + " an address");
}

TEST_CASE("what the room no longer has in mind is looked for in the archive, and deleted by those who may") {
  Court court;
  Message old;
  old.id = "old";
  old.channel = ChannelId(1);
  old.author = court.cyd;
  old.text = "long ago";
  court.acts.kept = std::make_shared<const Message>(old);
  CHECK(court.ask(court.bob, "delete old") == "delete_message_success");
  CHECK(court.acts.asked == std::vector<std::string>{"find old", "remove 1 bob@192.0.2.1 old"});
  CHECK(court.last.text == "The message from cyd is now deleted.");
  CHECK(court.ask(court.bob, "delete older") == "bad_delete_message_error");
  old.author = court.ada;
  court.acts.kept = std::make_shared<const Message>(old);
  CHECK(court.ask(court.bob, "delete old") == "bad_delete_message_broadcaster");
  CHECK(court.ask(court.ada, "delete old") == "delete_message_success");
  CHECK(court.ask(court.cyd, "delete old") == "no_permission");
  court.acts.error = Error{Errc::unavailable, "away", ""};
  CHECK(court.ask(court.bob, "delete old") == "unavailable_command");
}

TEST_CASE("who is flagged for avoiding a ban is listed, and cleared") {
  Court court;
  CHECK(court.ask(court.bob, "monitored") == "no_monitored");
  court.acts.flagged = {{"cyd", "zed", "likely", "fingerprint"}, {"dan", "zed", "possible", "address"}};
  CHECK(court.ask(court.bob, "monitored") == "monitored");
  CHECK(
      court.last.text ==
      "Flagged for what looks like avoiding a ban: cyd (likely: fingerprint of zed), dan (possible: address "
      "of zed).");
  CHECK(court.ask(court.bob, "unmonitor @Cyd a brother") == "unmonitor_success");
  CHECK(court.acts.asked.back() == "clear-suspect 1 bob@192.0.2.1 cyd a brother");
  CHECK(court.ask(court.bob, "unrestrict cyd") == "unmonitor_success");
  court.acts.changed = false;
  CHECK(court.ask(court.bob, "unmonitor cyd") == "bad_unmonitor_none");
  court.acts.error = Error{Errc::not_found, "", ""};
  CHECK(court.ask(court.bob, "unmonitor cyd") == "invalid_user");
}

TEST_CASE("what is held is listed, allowed and denied by commands") {
  Court court;
  CHECK(court.ask(court.bob, "held") == "no_held");
  for (int i = 1; i <= 5; ++i) {
    Held held;
    held.id = "m" + std::to_string(i);
    held.user = court.cyd;
    held.text = i == 2 ? std::string(40, 'x') + "ééééééééééééééééééééé" : "damn " + held.id;
    court.acts.waiting.push_back(held);
  }
  CHECK(court.ask(court.bob, "held") == "held");
  CHECK(court.last.text == "Messages that wait, to /allow or to /deny: m1 cyd: damn m1 | m2 cyd: " +
                               std::string(40, 'x') + "éééééééééééééééééééé… | m3 cyd: damn m3 | and 2 more");
  CHECK(court.ask(court.bob, "allow m1") == "automod_allowed");
  CHECK(court.acts.asked.back() == "rule 1 bob@192.0.2.1 m1 allow");
  CHECK(court.ask(court.bob, "deny M2 not here please") == "automod_denied");
  CHECK(court.acts.asked.back() == "rule 1 bob@192.0.2.1 M2 deny not here please");
  CHECK(parse_command("allow").error().notice_id == "usage_allow");
  CHECK(parse_command("deny").error().text ==
        "Usage: /deny <message id> [reason] - refuse a message that is held.");
  court.acts.error = Error{Errc::not_found, "", ""};
  CHECK(court.ask(court.bob, "allow m9") == "automod_not_held");
  court.acts.error = Error{Errc::unavailable, "away", ""};
  CHECK(court.ask(court.bob, "held") == "unavailable_command");
}

TEST_CASE("a channel's own terms are changed and listed") {
  Court court;
  CHECK(court.ask(court.bob, "term add darn it") == "term_added");
  CHECK(court.acts.asked.back() == "put 1 bob@192.0.2.1 [] block custom darn it");
  CHECK(court.last.text == "The term \"darn it\" now blocks what is said.");
  CHECK(court.ask(court.bob, "term hold /h+eck/") == "term_added");
  CHECK(court.acts.asked.back() == "put 1 bob@192.0.2.1 [] hold custom /h+eck/");
  CHECK(court.ask(court.bob, "term allow heckle") == "term_added");
  CHECK(court.last.text == "The term \"heckle\" now is let through.");
  court.acts.changed_words = {};
  CHECK(court.ask(court.bob, "term add darn") == "already_term");
  CHECK(court.ask(court.bob, "term remove darn") == "bad_term_none");
  court.acts.changed_words = {.dropped = 1};
  CHECK(court.ask(court.bob, "term remove darn") == "term_removed");
  CHECK(court.acts.asked.back() == "drop 1 bob@192.0.2.1 [] block custom darn");
  CHECK(court.ask(court.bob, "terms") == "no_terms");
  court.acts.listed = {{"darn", false, "block"}, {"h+eck", true, "hold"}};
  CHECK(court.ask(court.bob, "term list") == "terms");
  CHECK(court.last.text == "Terms of this channel: block darn | hold /h+eck/");
  CHECK(court.ask(court.bob, "term list eck") == "terms");
  CHECK(court.acts.asked.back() == "words 1 [] eck");
  court.ask(court.bob, "term add hold custom heck");
  CHECK(court.acts.asked.back() == "put 1 bob@192.0.2.1 [] hold custom heck");
  court.ask(court.bob, "term add hold the line");
  CHECK(court.acts.asked.back() == "put 1 bob@192.0.2.1 [] block custom hold the line");
  court.acts.changed_words = {.added = 1, .judged = false};
  CHECK(court.ask(court.bob, "term add darn") == "term_added");
  CHECK(court.last.text == "The term \"darn\" is kept; AutoMod is off here.");
  for (int i = 0; i < 200; ++i) court.acts.listed.push_back({"word" + std::to_string(i), false, "block"});
  court.ask(court.bob, "term list");
  CHECK(court.last.text.size() < 400);
  CHECK(court.last.text.ends_with(" more"));
  court.acts.error = Error{Errc::invalid, "more than 100 characters", ""};
  CHECK(court.ask(court.bob, "term add darn") == "bad_term");
  CHECK(court.last.text == "That is no term: more than 100 characters.");
  court.acts.error = Error{Errc::unavailable, "away", ""};
  CHECK(court.ask(court.bob, "term add darn") == "unavailable_command");
}

TEST_CASE("word lists are subscribed to, shown, and their owner's to change") {
  Court court;
  CHECK(court.ask(court.bob, "wordlist subscribe house") == "wordlist_subscribed");
  CHECK(court.acts.asked.back() == "subscribe 1 bob@192.0.2.1 house");
  CHECK(court.last.text == "The word list house now holds in this channel.");
  court.acts.changed = false;
  CHECK(court.ask(court.bob, "wordlist unsubscribe house") == "wordlist_unsubscribed");
  CHECK(court.last.text == "The word list house does not hold in this channel.");
  CHECK(court.ask(court.bob, "wordlist add mine") == "wordlist_added");
  CHECK(court.acts.asked.back() == "add-list bob@192.0.2.1 mine");
  CHECK(court.ask(court.bob, "wordlist put mine hold custom heck") == "wordlist_changed");
  CHECK(court.acts.asked.back() == "put 1 bob@192.0.2.1 [mine] hold custom heck");
  CHECK(court.last.text == "The entry is on the word list mine, which has 1 entry.");
  CHECK(court.ask(court.bob, "wordlist drop mine heck") == "wordlist_changed");
  CHECK(court.acts.asked.back() == "drop 1 bob@192.0.2.1 [mine] heck");
  CHECK(court.ask(court.bob, "wordlist remove mine") == "wordlist_removed");
  CHECK(court.ask(court.bob, "wordlist") == "no_wordlists");
  court.acts.lists = {{"house", "ada", 3, false}, {"mine", "bob", 1, true}};
  CHECK(court.ask(court.bob, "wordlist list") == "wordlists");
  CHECK(court.last.text == "Word lists: mine of bob (1 entry, holds here) | house of ada (3 entries)");
  court.acts.listed = {{"heck", false, "hold"}};
  CHECK(court.ask(court.bob, "wordlist show house") == "wordlist");
  CHECK(court.acts.asked.back() == "words 1 [house]");
  for (const auto& [code, id] :
       {std::pair(Errc::not_found, "bad_wordlist_none"), std::pair(Errc::denied, "bad_wordlist_owner"),
        std::pair(Errc::invalid, "bad_wordlist"), std::pair(Errc::exists, "bad_wordlist")}) {
    court.acts.error = Error{code, "so", ""};
    CHECK(court.ask(court.bob, "wordlist put house heck") == id);
  }
}

TEST_CASE("what AutoMod is set to, and what is done about ban evasion") {
  Court court;
  CHECK(court.ask(court.bob, "automod") == "automod_level");
  CHECK(court.last.text == "AutoMod's level here is 2, of 0 (lets most pass) to 4 (strictest).");
  CHECK(court.ask(court.bob, "automod 4") == "automod_level");
  CHECK(court.acts.asked.back() == "automod 1 bob@192.0.2.1 level=4");
  CHECK(court.last.text == "AutoMod's level here is now 4.");
  court.ask(court.bob, "automod 4");
  CHECK(court.last.text == "AutoMod's level here is already 4.");
  CHECK(court.ask(court.bob, "automodlate allow") == "automod_late");
  CHECK(court.acts.asked.back() == "automod 1 bob@192.0.2.1 late=allow");
  CHECK(court.ask(court.bob, "banevasion hold") == "ban_evasion");
  CHECK(court.acts.asked.back() == "evasion 1 bob@192.0.2.1 hold");
  CHECK(court.ask(court.bob, "settings") == "room_settings");
  CHECK(court.last.text ==
        "This room is set to: slow off, followers-only off, subs-only off, emote-only off, unique off, "
        "automod-level 4, automod-at-deadline allow, ban-evasion flag.");
}

TEST_CASE("notes and bans are listed, and notes removed") {
  Court court;
  CHECK(court.ask(court.bob, "notes cyd") == "no_notes");
  court.acts.noted = {{7, "eve", "was warned", Wall(milliseconds(1'767'225'600'000))}};
  CHECK(court.ask(court.bob, "notes @Cyd") == "notes");
  CHECK(court.acts.asked.back() == "notes 1 cyd");
  CHECK(court.last.text == "Notes about cyd: 7 by eve, 2026-01-01: was warned");
  CHECK(court.ask(court.bob, "unnote 7") == "note_removed");
  CHECK(court.acts.asked.back() == "remove-note 1 bob@192.0.2.1 7");
  CHECK(court.ask(court.bob, "bans") == "no_bans");
  court.acts.banned = {{"cyd", court.hall.clock.wall() + seconds(90), ""}, {"dan", {}, "spam"}};
  CHECK(court.ask(court.bob, "bans") == "bans");
  CHECK(court.last.text == "Banned or timed out: cyd for 1 minute 30 seconds | dan: spam");
  court.acts.error = Error{Errc::not_found, "none", ""};
  CHECK(court.ask(court.bob, "notes nobody") == "invalid_user");
  CHECK(court.ask(court.bob, "unnote 9") == "bad_note_none");
}

TEST_CASE("modes are changed once") {
  Court court;
  CHECK(court.ask(court.bob, "slow 10") == "slow_on");
  CHECK(court.acts.asked.back() == "settings 1 bob@192.0.2.1 slow=10");
  CHECK(court.ask(court.bob, "slow 10") == "slow_on");
  CHECK((court.last.setting == "slow" && court.last.value == "10"));
  CHECK(court.ask(court.bob, "followersoff") == "followers_off");
  CHECK((court.last.setting == "followers-only" && court.last.value == "-1"));
  CHECK(court.ask(court.bob, "subscribersoff") == "already_subs_off");
}

TEST_CASE("a mode that was just switched on can be switched off before the room has heard of it") {
  Court court;
  for (const auto& [on, off] :
       {std::pair("subscribers", "subscribersoff"), std::pair("emoteonly", "emoteonlyoff"),
        std::pair("slow 5", "slowoff"), std::pair("followers 10", "followersoff"),
        std::pair("uniquechat", "uniquechatoff")}) {
    court.ask(court.bob, on);
    CHECK(court.last.id.ends_with("_on"));
    CHECK(!court.last.id.starts_with("already"));
    court.ask(court.bob, off);
    CHECK(court.last.id.ends_with("_off"));
    CHECK(!court.last.id.starts_with("already"));
    CHECK(court.acts.settings == platform::RoomSettings{});
  }
}

TEST_CASE("help tells what the asker may do") {
  Court court;
  CHECK(court.ask(court.cyd, "help") == "cmds_available");
  CHECK(court.last.text.find("/ban") == std::string::npos);
  court.ask(court.bob, "help");
  CHECK(court.last.text.find("/ban ") != std::string::npos);
  CHECK(court.last.text.find("/unmod") == std::string::npos);
  CHECK(court.ask(court.bob, "help timeout") == "cmds_available");
  CHECK(court.last.text.starts_with("/timeout <user> [time] [reason] - "));
  CHECK(court.ask(court.bob, "help dance") == "no_help");
}
