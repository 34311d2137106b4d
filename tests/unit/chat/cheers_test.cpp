// Messages that cheer: what is paid when, and what is given back.
#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using Catch::Matchers::Contains;

namespace {
struct FakeTill final : Till {
  std::vector<std::pair<std::string, Then>> asked;
  std::vector<std::string> returned;
  std::string address;
  void pay(const Message& line, Then then) override {
    address = line.address;
    asked.emplace_back(line.id, std::move(then));
  }
  void give_back(const std::string& id) override { returned.push_back(id); }
  void answer(Payment payment) { std::exchange(asked, {}).at(0).second(std::move(payment)); }
};
struct Refusing final : Gate {
  std::optional<Refusal> with;
  int asked = 0;
  void ask(const Room&, const Message&, Then then) override {
    ++asked;
    then(with);
  }
};
struct Cheering : TestHall {
  FakeTill till;
  Refusing gate;
  JsonPeer page{*this};
  IrcPeer irc{*this};
  Cheering() {
    path.add_gate(gate);
    path.pay_at(till);
    page.send(R"({"type":"auth","ticket":"k8"})");
    page.send(R"({"type":"join","channel":"demo"})");
    irc.log_in("t7", "ada");
    irc.send("JOIN #demo\r\n");
    flush();
    heard();
  }
  std::string say(std::string_view text, std::string_view more = "", std::string_view key = "k") {
    return page.send(R"({"type":"message","channel":"demo","key":")" + std::string(key) + R"(","text":")" +
                     std::string(text) + "\"" + std::string(more) + "}");
  }
  std::string heard() {
    flush();
    page.outlet.take_delivered();
    return irc.outlet.take_delivered();
  }
  Room& room() { return *rooms.find("demo"); }
  Message paid(std::string id, std::string text = "cheer5 hi", std::int64_t bits = 5) {
    Message message;
    message.id = std::move(id);
    message.author = user(8, "bob");
    message.text = std::move(text);
    message.bits = bits;
    return message;
  }
};
}  // namespace

TEST_CASE("a cheer is said when it is paid, with its bits and the badge of them") {
  Cheering hall;
  hall.page.outlet.from = "192.0.2.7";
  CHECK(hall.say("Cheer100 hi cheer50").empty());
  CHECK(hall.till.address == "192.0.2.7");
  CHECK(hall.heard().empty());
  hall.rooms.people().cheerers.put(UserId(8), ChannelId(1), 150);
  hall.till.answer(Till::Paid{});
  CHECK_THAT(hall.page.outlet.take_sent(), Contains("confirmed"));
  const std::string line = hall.heard();
  CHECK(hall.room().history().last(1).front()->address.empty());
  CHECK_THAT(line, Contains(";bits=150;") && Contains("badges=bits/100;"));
  CHECK_THAT(hall.say("Cheer100 hi cheer50"), Contains("duplicate"));
  CHECK(hall.till.asked.empty());
  CHECK(hall.till.returned.empty());
}

TEST_CASE("what would not be said is not paid") {
  Cheering hall;
  hall.gate.with = Refusal{Reason::rejected};
  CHECK_THAT(hall.say("cheer1"), Contains("rejected"));
  hall.gate.with.reset();
  CHECK_THAT(hall.say("cheer100001", "", "k2"), Contains("too_many_bits"));
  CHECK_THAT(hall.say("hi", R"(,"anonymous":true)", "k3"), Contains("no_cheer"));
  CHECK_THAT(hall.say("cheer1", R"(,"anonymous":1)", "k4"), Contains("bad_request"));
  hall.room().standing().ban(UserId(8), {"bob", std::nullopt});
  CHECK_THAT(hall.say("cheer1", "", "k5"), Contains("banned"));
  CHECK(hall.till.asked.empty());
  hall.irc.send("PRIVMSG #demo :cheer1 by the broadcaster\r\n");
  CHECK(hall.till.asked.empty());
}

TEST_CASE("the till's refusals are told, and words of who has no bits are words") {
  Cheering hall;
  hall.say("cheer7");
  hall.till.answer(Refusal{Reason::not_enough_bits});
  CHECK_THAT(hall.page.outlet.take_sent(), Contains("not_enough_bits"));
  CHECK(hall.heard().empty());
  hall.say("cheer7", "", "k2");
  hall.till.answer(Till::NoCheer{});
  CHECK_THAT(hall.heard(), Contains(":cheer7") && !Contains("bits="));
  hall.clock.advance(std::chrono::minutes(1));
  hall.say("cheer8", R"(,"anonymous":true)", "k3");
  hall.till.answer(Till::NoCheer{});
  CHECK_THAT(hall.page.outlet.take_sent(), Contains("not_enough_bits"));
  CHECK(hall.heard().empty());
}

TEST_CASE("who is banned while the cheer is paid gets the bits back") {
  Cheering hall;
  hall.say("cheer7");
  const std::string id = hall.till.asked.at(0).first;
  hall.room().standing().ban(UserId(8), {"bob", std::nullopt});
  hall.till.answer(Till::Paid{});
  CHECK_THAT(hall.page.outlet.take_sent(), Contains("banned"));
  CHECK(hall.till.returned == std::vector{id});
}

TEST_CASE("an anonymous cheer is told as nobody's") {
  Cheering hall;
  hall.say("cheer7 guess", R"(,"anonymous":true)");
  hall.till.answer(Till::Paid{});
  const std::string line = hall.heard();
  CHECK_THAT(line, Contains(":ananonymouscheerer!") && Contains("user-id=407665396;") && Contains("bits=7;") &&
                       !Contains("bob"));
}

TEST_CASE("what is paid elsewhere is said once, through the gates it has not passed") {
  Cheering hall;
  int said = 0, refused = 0;
  const auto count = [&](const Outcome& outcome) { ++(outcome ? said : refused); };
  hall.path.say_paid(hall.room(), hall.paid("m1"), true, count);
  CHECK(hall.gate.asked == 0);
  hall.path.say_paid(hall.room(), hall.paid("m1"), false, count);
  CHECK(said == 2);
  const std::string lines = hall.heard();
  CHECK(lines.find("cheer5 hi") == lines.rfind("cheer5 hi"));
  hall.gate.with = Refusal{Reason::held};
  hall.path.say_paid(hall.room(), hall.paid("m2"), false, count);
  CHECK(hall.till.returned.empty());  // a moderator decides
  hall.gate.with = Refusal{Reason::rejected};
  hall.path.say_paid(hall.room(), hall.paid("m3"), false, count);
  CHECK(hall.till.returned == std::vector<std::string>{"m3"});
  CHECK((said == 2 && refused == 2));
  CHECK(hall.till.asked.empty());
}

TEST_CASE("a cheer that is said later does not show the emote that its own bits bring") {
  Cheering hall;
  auto& people = hall.rooms.people();
  people.emotes.add("adaBit", {.id = EmoteId(5), .channel = ChannelId(1), .owner = UserId(7), .bits = 100});
  people.cheerers.put(UserId(8), ChannelId(1), 100);
  const auto emotes = [&](const std::string& id, std::int64_t bits, bool anonymous, bool held) {
    Message cheer = hall.paid(id, "cheer" + std::to_string(bits) + " adaBit", bits);
    cheer.anonymous = anonymous;
    if (held) {
      REQUIRE(hall.path.publish_held(hall.room(), std::move(cheer)));
    } else {
      hall.path.say_paid(hall.room(), std::move(cheer), true, [](const Outcome& outcome) { CHECK(outcome); });
    }
    return hall.room().history().last(1).front()->emotes.size();
  };
  for (const bool held : {true, false}) {
    const std::string id = held ? "held" : "paid";
    CHECK(emotes(id + "1", 100, false, held) == 0);
    CHECK(emotes(id + "2", 100, true, held) == 1);  // nobody's bits count for nobody
    people.cheerers.put(UserId(8), ChannelId(1), 101);
    CHECK(emotes(id + "3", 1, false, held) == 1);
    people.cheerers.put(UserId(8), ChannelId(1), 100);
  }
  people.cheerers.put(UserId(8), ChannelId(2), 5000);
  people.emotes.add("adaBit", {.id = EmoteId(6), .channel = ChannelId(2), .owner = UserId(9), .bits = 100});
  CHECK(emotes("elsewhere", 100, false, true) == 1);
  CHECK(hall.room().history().last(1).front()->emotes.front().id == "6");
}

TEST_CASE("what is paid is one with its sender's repeat, and is told when that is refused") {
  Cheering hall;
  hall.say("cheer5 hi");
  const std::string id = hall.till.asked.at(0).first;
  std::vector<Reason> refused;
  bool said = false;
  const auto then = [&](const Outcome& outcome) {
    if (outcome) said = true;
    if (!outcome) refused.push_back(outcome.error().reason);
  };
  hall.path.say_paid(hall.room(), hall.paid(id), true, then);
  CHECK((refused.empty() && !said));
  hall.till.answer(Refusal{Reason::on_its_way});
  CHECK(refused == std::vector{Reason::on_its_way});
  CHECK(hall.till.returned.empty());  // the repeat paid nothing
  CHECK(hall.heard().empty());
  hall.path.say_paid(hall.room(), hall.paid(id), true, then);
  CHECK(said);
  CHECK_THAT(hall.heard(), Contains(":cheer5 hi"));
}

TEST_CASE("what was said before its key was forgotten is not said again") {
  Cheering hall;
  int repeats = 0;
  const auto count = [&](const Outcome& outcome) { repeats += outcome && outcome->repeated; };
  hall.path.say_paid(hall.room(), hall.paid("m1"), true, count);
  hall.heard();
  hall.clock.advance(std::chrono::minutes(10));
  hall.path.say_paid(hall.room(), hall.paid("m1"), true, count);
  CHECK(repeats == 1);
  CHECK(hall.heard().empty());
}

TEST_CASE("who is new and comes back") {
  Speakers speakers;
  const auto said = [&, user = UserId(1)](std::chrono::hours at) { return speakers.said(user, Wall(at)); };
  using std::chrono::hours;
  CHECK(said(hours(0)).first);
  CHECK_FALSE(said(hours(7)).returning);
  CHECK_FALSE(said(hours(14)).returning);  // without a pause of eight hours
  CHECK(said(hours(22)).returning);
  CHECK(said(hours(23)).returning);
  CHECK_FALSE(said(hours(23)).first);
  CHECK(said(hours(30 * 24 - 1)).returning);
  CHECK_FALSE(said(hours(30 * 24)).returning);  // new no more
  speakers.restore(UserId(2), {});
  const auto restored = speakers.said(UserId(2), Wall(hours(24 * 365)));
  CHECK_FALSE((restored.first || restored.returning));
}

TEST_CASE("what somebody else knows of who spoke takes nothing away that is known here") {
  Speakers speakers;
  using std::chrono::hours;
  const auto said = [&](hours at) { return speakers.said(UserId(1), Wall(at)); };
  said(hours(100));
  speakers.restore(UserId(1), {Wall(hours(90)), Wall(hours(95))});
  CHECK_FALSE(said(hours(107)).returning);  // the last was at 100
  speakers.restore(UserId(1), {Wall(hours(90)), Wall(hours(112))});
  CHECK_FALSE(said(hours(119)).returning);
  speakers.restore(UserId(1), {Wall(hours(90)), Wall(hours(106)), true});
  CHECK(said(hours(120)).returning);
  CHECK_FALSE(said(hours(90 + 30 * 24)).returning);  // who was there first at 90
}
