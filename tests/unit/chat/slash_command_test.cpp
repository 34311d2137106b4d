#include "chat/slash_command.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "chat/room_modes.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
SlashCommand parsed(std::string_view line) {
  auto command = parse_command(line);
  INFO(line);
  REQUIRE(command);
  return *command;
}
std::string problem(std::string_view line) {
  const auto command = parse_command(line);
  INFO(line);
  REQUIRE_FALSE(command);
  return command.error().notice_id;
}
}  // namespace

TEST_CASE("a command has its user, time and reason") {
  const SlashCommand ban = parsed("BAN @Bob spam, again");
  CHECK(ban.rule->act == Act::ban);
  CHECK((ban.user == "bob" && ban.text == "spam, again" && !ban.duration));
  CHECK(parsed("timeout bob").duration == seconds(600));
  CHECK(parsed("timeout bob 1h30m calm down").duration == seconds(5400));
  CHECK(parsed("timeout bob 1h30m calm down").text == "calm down");
  CHECK(parsed("timeout bob calm down").text == "calm down");
  CHECK(parsed("untimeout bob").rule->act == Act::unban);
  CHECK(parsed("announcegreen hi").color == "GREEN");
  CHECK(parsed("announce hi").color == "PRIMARY");
  CHECK(parsed("delete abc-1").message == "abc-1");
  CHECK(parsed("delete abc-1 not here").text == "not here");
  for (const char* line : {"unban bob a reason", "mod bob a reason", "unvip bob a reason"})
    CHECK(parsed(line).text == "a reason");
  CHECK(parsed("note bob was warned").text == "was warned");
}

TEST_CASE("what is wrong with a command is named, with its usage") {
  for (const auto& [line, id] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "unrecognized_cmd"},
           {"dance", "unrecognized_cmd"},
           {"raid bob", "unavailable_command"},
           {"UNRAID", "unavailable_command"},
           {"marker here", "unavailable_command"},
           {"commercial 30", "bad_commercial_error"},
           {"host bob", "bad_host_error"},
           {"unhost", "not_hosting"},
           {"ban", "usage_ban"},
           {"unban", "usage_unban"},
           {"timeout", "usage_timeout"},
           {"timeout bob 0", "bad_timeout_duration"},
           {"timeout bob 15d", "bad_timeout_duration"},
           {"timeout bob 10parsecs", "bad_timeout_duration"},
           {"timeout bob 99999999999999999999", "bad_timeout_duration"},
           {"delete", "usage_delete"},
           {"automod 5", "usage_automod"},
           {"automod off", "usage_automod"},
           {"automodlate", "usage_automodlate"},
           {"automodlate block", "usage_automodlate"},
           {"banevasion on", "usage_banevasion"},
           {"term add", "usage_term"},
           {"term forget darn", "usage_term"},
           {"wordlist show", "usage_wordlist"},
           {"wordlist add house extra words", "usage_wordlist"},
           {"wordlist put house", "usage_wordlist"},
           {"wordlist burn house", "usage_wordlist"},
           {"unnote", "usage_unnote"},
           {"unnote 0", "usage_unnote"},
           {"notes", "usage_notes"},
           {"slow 2", "usage_slow_on"},
           {"slow 121", "usage_slow_on"},
           {"slow often", "usage_slow_on"},
           {"followers 4mo", "usage_followers_on"},
           {"announce", "usage_announce"},
           {"note bob", "usage_note"}})
    CHECK(problem(line) == id);
  CHECK(parse_command("slow 2").error().text ==
        "Usage: /slow [time] - let users speak once in a time (30 seconds unless given, 3 to 120).");
}

TEST_CASE("words of a channel and of lists, and what AutoMod is set to") {
  CHECK(parsed("automod").number == std::nullopt);
  CHECK(parsed("automod 4").number == 4);
  CHECK(parsed("AUTOMODLATE Hold").verb == "hold");
  CHECK(parsed("banevasion off").verb == "off");
  const SlashCommand term = parsed("term Add /d+arn/ it");
  CHECK((term.verb == "add" && term.text == "/d+arn/ it"));
  CHECK(parsed("term hold the door").text == "the door");
  CHECK(parsed("terms").verb == "list");
  CHECK(parsed("term list darn").text == "darn");
  const SlashCommand put = parsed("wordlist put House hold custom darn it");
  CHECK((put.verb == "put" && put.list == "house" && put.text == "hold custom darn it"));
  CHECK(parsed("wordlist subscribe house").list == "house");
  CHECK(parsed("wordlists").verb == "list");
  CHECK(parsed("unnote 12").number == 12);
}

TEST_CASE("a span is a number with units, and a number alone has the command's") {
  CHECK(parse_span("90") == seconds(90));
  CHECK(parse_span("10 minutes") == seconds(600));
  CHECK(parse_span("1d2h") == seconds(26 * 3600));
  CHECK(parse_span("2 weeks 1 day") == seconds(15 * 86400));
  CHECK(parse_span("30", seconds(60)) == seconds(1800));
  CHECK(parse_span("3 months") == seconds(90 * 86400));
  CHECK(parse_span("1m") == seconds(60));
  CHECK(parse_span("1mo") == seconds(30 * 86400));
  for (const char* wrong : {"", "m", "-1", "1x", "1.5h", "h1", "11y", "4000d", " ", "9223372036854775807w"})
    CHECK_FALSE(parse_span(wrong));
  CHECK(parsed("followers 30").duration == seconds(1800));
  CHECK(parsed("followers").duration == seconds(0));
  CHECK(parsed("slow").duration == seconds(30));
}

TEST_CASE("a timeout's time may be several words, and its reason what is left") {
  const auto timeout = [](const std::string& text) {
    const SlashCommand command = parsed("timeout bob " + text);
    return std::pair(command.duration->count(), command.text);
  };
  CHECK(timeout("2 weeks") == std::pair(14 * 86400L, std::string()));
  CHECK(timeout("10 minutes please") == std::pair(600L, std::string("please")));
  CHECK(timeout("1 day 2 hours 3m be calm") == std::pair(93780L, std::string("be calm")));
  CHECK(timeout("1d 2h") == std::pair(93600L, std::string()));
  CHECK(timeout("5m 3 strikes") == std::pair(300L, std::string("3 strikes")));
  CHECK(timeout("5m 2nd time") == std::pair(300L, std::string("2nd time")));
  CHECK(timeout("600 2h of this") == std::pair(600L, std::string("2h of this")));
  CHECK(timeout("600 spam") == std::pair(600L, std::string("spam")));
  CHECK(timeout("60 se acabo") == std::pair(60L, std::string("se acabo")));
  CHECK(timeout("10 m") == std::pair(600L, std::string()));
  CHECK(timeout("- no") == std::pair(600L, std::string("- no")));
  for (const char* wrong : {"timeout bob -1", "timeout bob 3 weeks", "timeout bob 1.5h", "timeout bob 0 x"})
    CHECK(problem(wrong) == "bad_timeout_duration");
}

TEST_CASE("a span is told in its two greatest units") {
  CHECK(span_text(seconds(0)) == "0 seconds");
  CHECK(span_text(seconds(1)) == "1 second");
  CHECK(span_text(seconds(7500)) == "2 hours 5 minutes");
  CHECK(span_text(seconds(14 * 86400)) == "2 weeks");
  CHECK(span_text(seconds(86400 + 5)) == "1 day");
}

TEST_CASE("every command has one word, a usage notice of its own, and can be found") {
  std::set<std::string_view> words, ids;
  for (const CommandRule& rule : command_rules()) {
    CHECK(words.insert(rule.word).second);
    CHECK(ids.insert(rule.usage_id).second);
    CHECK(find_command(rule.word) == &rule);
    CHECK_FALSE(rule.help.empty());
  }
}

TEST_CASE("modes: what is asked, what is told") {
  platform::RoomSettings before;
  const auto after = [&](std::string_view line) {
    return platform::apply(mode_patch(parsed(line)), before).value();
  };
  const auto told = [&](std::string_view line) {
    std::string ids;
    for (const Notice& notice : mode_notices(before, after(line))) ids += notice.id + " ";
    return ids;
  };
  CHECK(told("slow 10") == "slow_on ");
  CHECK(after("slow 10").slow == 10);
  CHECK(told("followers") == "followers_on_zero ");
  CHECK(told("followers 2h") == "followers_on ");
  CHECK(after("followers 2h").followers_only == 120);
  CHECK(told("subscribers") == "subs_on ");
  CHECK(told("subscribersoff").empty());
  CHECK(already(parsed("subscribersoff"), before).id == "already_subs_off");
  CHECK(already(parsed("r9kbeta"), before).id == "already_r9k_on");
  before = after("emoteonly");
  CHECK(told("emoteonlyoff") == "emote_only_off ");
  CHECK(mode_notices(before, before).empty());
}
