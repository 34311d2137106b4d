// Who may be avoiding a ban: when it is looked up, what is asked, and what waits for the answer.
#include <deque>

#include <catch2/catch.hpp>

#include "chat/evasion_lines.hpp"
#include "unit/chat/path_hall.hpp"

using namespace sluice;
using namespace sluice::chat;
using platform::BanEvasion;
using std::chrono::hours;

namespace {
struct FakeDesk : EvasionDesk {
  std::vector<std::string> seen, looked, held;  // "bob@203.0.113.7+print"
  std::deque<std::function<void(Result<bool>)>> waiting;
  std::optional<Result<bool>> at_once = Result<bool>(false);

  static std::string text(UserId user, const std::vector<Origin>& from) {
    std::string text = std::to_string(user.value());
    for (const Origin& origin : from)
      text += "@" + origin.address + (origin.fingerprint.empty() ? "" : "+" + origin.fingerprint);
    return text;
  }
  void saw(ChannelId, UserId user, std::vector<Origin> from) override { seen.push_back(text(user, from)); }
  void look(ChannelId, UserId user, std::vector<Origin> from,
            std::function<void(Result<bool>)> answer) override {
    looked.push_back(text(user, from));
    if (at_once) return answer(*at_once);
    waiting.push_back(std::move(answer));
  }
  void hold(const Message& line, Gate::Then then) override {
    held.push_back(line.text);
    then(Refusal{.reason = Reason::held, .detail = line.id});
  }
  void answer(Result<bool> flagged) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    next(std::move(flagged));
  }
};

struct WatchedHall : PathHall {
  FakeDesk desk;
  EvasionGate gate{clock, hall.switchboard, desk};

  WatchedHall() {
    SendLimits::Rates rates;
    rates.cooldown = milliseconds(0);
    rates.regular.places = 1000;
    path.change(rates);
    path.add_gate(gate);
    hall.evasion = &gate;
  }
  ~WatchedHall() { hall.evasion = nullptr; }
  void ban(std::int64_t id = 99, std::optional<Wall> until = std::nullopt) {
    demo.standing().ban(UserId(id), {"banned", until});
  }
};

struct Bob : IrcPeer {
  explicit Bob(WatchedHall& hall, const std::string& address = "203.0.113.7") : IrcPeer(hall) {
    outlet.from = address;
    log_in("t8", "bob");
  }
  std::string join() { return send("JOIN #demo\r\n"); }
  std::string say(const std::string& text) { return send("PRIVMSG #demo :" + text + "\r\n"); }
};
}  // namespace

TEST_CASE("where nobody is banned for ever nobody is looked up, and who speaks is noted once an hour") {
  WatchedHall hall;
  hall.ban(99, hall.clock.wall() + hours(1));  // a timeout
  Bob bob(hall);
  bob.join();
  CHECK(hall.desk.seen.empty());
  bob.say("one");
  bob.say("two");
  CHECK(hall.published == Texts{"one", "two"});
  CHECK(hall.desk.seen == Texts{"8@203.0.113.7"});
  CHECK(hall.desk.looked.empty());
  hall.clock.advance(hours(1));
  bob.say("three");
  CHECK(hall.desk.seen.size() == 2);
}

TEST_CASE("where somebody is, who comes in and who speaks is looked up, once") {
  WatchedHall hall;
  hall.ban();
  Bob bob(hall);
  bob.join();
  CHECK(hall.desk.looked == Texts{"8@203.0.113.7"});
  CHECK(hall.desk.seen.empty());
  bob.say("one");
  bob.say("two");
  CHECK(hall.desk.looked.size() == 1);
  CHECK(hall.desk.seen.size() == 1);
  hall.clock.advance(hours(1));
  bob.say("three");
  CHECK(hall.desk.looked.size() == 2);
}

TEST_CASE("a ban, an unban, a flag and another connection make what was found out stale") {
  WatchedHall hall;
  hall.ban();
  Bob bob(hall);
  bob.say("one");
  REQUIRE(hall.desk.looked.size() == 1);
  SECTION("a ban") {
    hall.ban(98);
  }
  SECTION("an unban") {
    hall.ban(98);
    bob.say("between");
    REQUIRE(hall.desk.looked.size() == 2);
    hall.desk.looked.pop_back();
    hall.demo.standing().lift(UserId(98));
  }
  SECTION("a flag") {
    hall.gate.flag_changed(ChannelId(1), UserId(8));
  }
  SECTION("another connection") {
    Bob elsewhere(hall, "198.51.100.1");
    bob.say("two");
    CHECK(hall.desk.looked.back().starts_with("8@"));
    CHECK(hall.desk.looked.back().find("@203.0.113.7") != std::string::npos);
    CHECK(hall.desk.looked.back().find("@198.51.100.1") != std::string::npos);
    CHECK(hall.desk.looked.size() == 2);
    return;
  }
  bob.say("two");
  CHECK(hall.desk.looked.size() == 2);
}

TEST_CASE("what changes nothing for a user has nobody looked up again: timeouts, and flags of others") {
  WatchedHall hall;
  hall.ban();
  Bob bob(hall);
  bob.say("one");
  REQUIRE(hall.desk.looked.size() == 1);
  hall.ban(97, hall.clock.wall() + hours(1));
  hall.ban(97, hall.clock.wall() + hours(2));
  hall.demo.standing().lift(UserId(97));
  hall.demo.standing().lift(UserId(96));  // who was not banned
  hall.gate.flag_changed(ChannelId(1), UserId(97));
  hall.gate.flag_changed(ChannelId(2), UserId(8));
  bob.say("two");
  CHECK(hall.desk.looked.size() == 1);
  hall.ban(97);
  bob.say("three");
  CHECK(hall.desk.looked.size() == 2);
  hall.ban(97, hall.clock.wall() + hours(1));  // the ban ends
  bob.say("four");
  CHECK(hall.desk.looked.size() == 3);
}

TEST_CASE(
    "lines wait for the answer, in their order; who is flagged is held back only where the room says so") {
  WatchedHall hall;
  hall.ban();
  hall.desk.at_once.reset();
  Bob bob(hall);
  bob.say("one");
  bob.say("two");
  CHECK(hall.desk.looked.size() == 1);
  CHECK(hall.published.empty());
  SECTION("not flagged") {
    hall.desk.answer(false);
    CHECK(hall.published == Texts{"one", "two"});
  }
  SECTION("flagged") {
    hall.desk.answer(true);
    CHECK(hall.published == Texts{"one", "two"});
    CHECK(hall.desk.held.empty());
    hall.demo.standing().evasion = BanEvasion::hold;
    CHECK(bob.say("three").find("NOTICE #demo") != std::string::npos);
    CHECK(hall.desk.held == Texts{"three"});
  }
  SECTION("held") {
    hall.demo.standing().evasion = BanEvasion::hold;
    hall.desk.answer(true);
    CHECK(hall.published.empty());
    CHECK(hall.desk.held == Texts{"one", "two"});
  }
  SECTION("the store does not answer: nobody is held back, and it is asked again soon") {
    hall.demo.standing().evasion = BanEvasion::hold;
    hall.desk.answer(fail(Errc::unavailable, "away"));
    CHECK(hall.published == Texts{"one", "two"});
    bob.say("three");
    CHECK(hall.desk.looked.size() == 1);
    hall.clock.advance(seconds(10));
    bob.say("four");
    CHECK(hall.desk.looked.size() == 2);
    hall.desk.answer(true);
    CHECK(hall.desk.held == Texts{"four"});
  }
  SECTION("a connection comes meanwhile: what is said through it waits for what is found out with it") {
    hall.demo.standing().evasion = BanEvasion::hold;
    Bob elsewhere(hall, "198.51.100.1");
    elsewhere.say("three");
    hall.desk.answer(false);
    CHECK(hall.published.empty());
    REQUIRE(hall.desk.looked.size() == 2);
    CHECK(hall.desk.looked.back().find("@198.51.100.1") != std::string::npos);
    hall.desk.answer(true);
    CHECK(hall.published.empty());
    CHECK(hall.desk.held == Texts{"one", "two", "three"});
  }
  SECTION("a flag comes meanwhile") {
    hall.demo.standing().evasion = BanEvasion::hold;
    hall.gate.flag_changed(ChannelId(1), UserId(8));
    hall.desk.answer(false);
    REQUIRE(hall.desk.looked.size() == 2);
    hall.desk.answer(true);
    CHECK(hall.desk.held == Texts{"one", "two"});
  }
}

TEST_CASE("who is trusted in the room, and where it is off, is neither noted nor looked up") {
  WatchedHall hall;
  hall.ban();
  Bob bob(hall);
  SECTION("a moderator") {
    hall.demo.standing().grant(Standing::Role::moderator, UserId(8), "bob");
  }
  SECTION("a VIP") {
    hall.demo.standing().grant(Standing::Role::vip, UserId(8), "bob");
  }
  SECTION("off") {
    hall.demo.standing().evasion = BanEvasion::off;
  }
  bob.join();
  bob.say("one");
  CHECK(hall.published == Texts{"one"});
  CHECK(hall.desk.seen.empty());
  CHECK(hall.desk.looked.empty());
}

TEST_CASE("from where a banned user comes in is noted, and nobody else's is") {
  WatchedHall hall;
  hall.ban(8);
  Bob bob(hall);
  bob.join();
  CHECK(hall.desk.seen == Texts{"8@203.0.113.7"});
  CHECK(hall.desk.looked.empty());
  IrcPeer anonymous(hall);
  anonymous.outlet.from = "203.0.113.7";
  anonymous.send("NICK justinfan1\r\nJOIN #demo\r\n");
  CHECK(hall.desk.looked.empty());
}

TEST_CASE("a page's fingerprint counts beside its address, from when it has logged in") {
  WatchedHall hall;
  hall.ban();
  JsonPeer page(hall);
  page.outlet.from = "203.0.113.7";
  page.send(R"({"type":"join","channel":"demo"})");
  CHECK(hall.desk.looked.empty());
  page.send(R"({"type":"auth","ticket":"k8","fingerprint":"print"})");
  CHECK(hall.desk.looked == Texts{"8@203.0.113.7+print"});
  for (const std::string& wrong : {std::string("\"\""), std::string("7"), '"' + std::string(129, 'x') + '"'})
    CHECK(page.send(R"({"type":"auth","ticket":"k7","fingerprint":)" + wrong + "}").find("bad_request") !=
          std::string::npos);
  CHECK(page.send(R"({"type":"auth","ticket":"k7"})").find("authenticated") != std::string::npos);
}

TEST_CASE("what is no longer good is forgotten, but not what is being looked up") {
  WatchedHall hall;
  hall.ban();
  hall.desk.at_once.reset();
  Bob bob(hall);
  bob.say("one");
  hall.clock.advance(hours(2));
  hall.gate.forget_idle();
  CHECK(hall.gate.size() == 1);
  hall.desk.answer(false);
  CHECK(hall.published == Texts{"one"});
  hall.gate.forget_idle();
  CHECK(hall.gate.size() == 1);
  hall.clock.advance(hours(1));
  hall.gate.forget_idle();
  CHECK(hall.gate.size() == 0);
}

TEST_CASE("a standing knows whether anybody is banned for ever") {
  Standing standing;
  const Wall soon = Wall(milliseconds(1000));
  CHECK_FALSE(standing.bans_for_ever());
  standing.ban(UserId(1), {"one", soon});
  CHECK_FALSE(standing.bans_for_ever());
  standing.ban(UserId(1), {"one", std::nullopt});
  standing.ban(UserId(2), {"two", std::nullopt});
  standing.lift(UserId(2));
  CHECK(standing.bans_for_ever());
  standing.ban(UserId(1), {"one", soon});
  CHECK_FALSE(standing.bans_for_ever());
  standing.forget_lapsed(soon + hours(1));
  standing.lift(UserId(1));
  CHECK_FALSE(standing.bans_for_ever());
}

TEST_CASE("a clock that leaps ahead and comes back frees nobody") {
  Standing standing;
  const Wall now = Wall(hours(1000));
  standing.ban(UserId(1), {"one", now + std::chrono::minutes(10)});
  standing.forget_lapsed(now + hours(1));
  CHECK(standing.ban_of(UserId(1), now + hours(1)) == nullptr);
  CHECK(standing.ban_of(UserId(1), now + std::chrono::minutes(1)) != nullptr);
  standing.forget_lapsed(now + hours(25));
  CHECK(standing.bans() == 0);
}

TEST_CASE("what moderators are told") {
  Suspicion told{.channel = "demo",
                 .user = user(9, "cyd"),
                 .banned = user(8, "bob"),
                 .evaluation = "likely",
                 .matched = "fingerprint",
                 .held = true,
                 .cleared_by = std::nullopt,
                 .at = Wall(milliseconds(5))};
  std::string out;
  write_suspicion(out, {"tmi.twitch.tv", true}, told);
  CHECK(
      out ==
      "@msg-id=suspicious_user :tmi.twitch.tv NOTICE #demo :cyd may be avoiding a ban (likely): the same "
      "fingerprint as bob, who is banned. What cyd says waits in the queue. /unmonitor cyd if it is somebody "
      "else.\r\n");
  out.clear();
  write_suspicion(out, told);
  CHECK(out == R"({"type":"suspicious","channel":"demo","user":{"id":"9","login":"cyd","name":"Cyd"},)"
               R"("banned":{"id":"8","login":"bob","name":"Bob"},"evaluation":"likely",)"
               R"("matched":"fingerprint","status":"held","at":5})");
  told.cleared_by = user(7, "ada");
  out.clear();
  write_suspicion(out, {"tmi.twitch.tv", false}, told);
  CHECK(
      out ==
      ":tmi.twitch.tv NOTICE #demo :cyd was cleared by ada of what looked like avoiding the ban of bob.\r\n");
  out.clear();
  write_suspicion(out, told);
  CHECK(out.find(R"("status":"cleared","by":{"id":"7")") != std::string::npos);
}
