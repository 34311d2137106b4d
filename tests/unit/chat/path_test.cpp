// The steps of the message path, each by itself.
#include <algorithm>

#include <catch2/catch.hpp>

#include "chat/emotes.hpp"
#include "chat/history.hpp"
#include "chat/message_id.hpp"
#include "chat/rate_limit.hpp"
#include "chat/recent_keys.hpp"
#include "chat/text.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

TEST_CASE("an id is the same for the same room, user and key only") {
  const std::string id = message_id(ChannelId(1), UserId(2), "k");
  CHECK(id.size() == 36);
  CHECK(id[14] == '8');
  CHECK(id == message_id(ChannelId(1), UserId(2), "k"));
  CHECK(id != message_id(ChannelId(2), UserId(1), "k"));
  CHECK(id != message_id(ChannelId(1), UserId(2), "l"));
}

TEST_CASE("without a key it begins with the time, and is nobody else's") {
  SeededRandom random(1);
  const auto at = [&](std::int64_t ms) { return message_id(Wall(milliseconds(ms)), random); };
  const std::string id = at(0x0123456789ab);
  CHECK(id.size() == 36);
  CHECK(id.starts_with("01234567-89ab-7"));
  CHECK(std::string_view("89ab").contains(id[19]));
  CHECK(id != at(0x0123456789ab));
  CHECK(at(1'790'000'000'000) < at(1'790'000'000'001));
}

TEST_CASE("a repeat is known for five minutes, and no longer than six, however busy the room is") {
  RecentKeys keys;
  FakeClock clock;
  keys.remember("a", {"o", 1, clock.wall()}, clock.steady());
  for (int s = 0; s < 600; ++s) {
    clock.advance(seconds(1));
    keys.remember("other" + std::to_string(s), {"o", 2, clock.wall()}, clock.steady());
    if (s < 299) CHECK(keys.find("a", clock.steady())->seq == 1);
    if (s >= 360) CHECK_FALSE(keys.find("a", clock.steady()));
  }
  CHECK(keys.size() <= 360);
  clock.advance(std::chrono::hours(3));
  CHECK_FALSE(keys.find("other599", clock.steady()));
  CHECK(keys.size() == 0);
}

TEST_CASE("what became of a message is known by its whole id, and told with its origin") {
  RecentKeys keys;
  FakeClock clock;
  const Steady now = clock.steady();
  const std::string id = message_id(ChannelId(1), UserId(2), "k");
  keys.remember(id, {"first", 7, Wall(seconds(3))}, now);
  for (std::size_t i = 0; i < id.size(); ++i) {  // of another, also where that is no UUID
    std::string other = id;
    other[i] = other[i] == '0' ? '1' : '0';
    CHECK_FALSE(keys.find(other, now));
    other[i] = 'x';
    CHECK_FALSE(keys.find(other, now));
  }
  std::string upper = id;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  if (upper != id) CHECK_FALSE(keys.find(upper, now));
  CHECK_FALSE(keys.find(id.substr(1), now));
  keys.remember("of its own kind", {"second", 8, Wall(seconds(4))}, now);
  keys.remember(id.substr(1) + "g", {"third", 9, Wall(seconds(5))}, now);
  CHECK(keys.size() == 3);
  const auto found = keys.find(id, now);
  REQUIRE(found);
  CHECK((found->origin == "first" && found->seq == 7 && found->at == Wall(seconds(3))));
  CHECK(keys.find("of its own kind", now)->origin == "second");
  CHECK(keys.find(id.substr(1) + "g", now)->seq == 9);
  keys.remember(id, {"second", 1, Wall(seconds(6))}, now);
  CHECK(keys.find(id, now)->origin == "second");
}

TEST_CASE("a window holds so many in any span, also at the same instant") {
  Window window;
  FakeClock clock;
  const Window::Size size{3, milliseconds(1000)};
  for (int i = 0; i < 3; ++i) CHECK_FALSE(window.take(size, clock.steady()));
  clock.advance(milliseconds(400));
  CHECK(window.take(size, clock.steady())->retry_after == milliseconds(600));
  clock.advance(milliseconds(600));
  CHECK(window.remaining(size, clock.steady()) == 3);
  CHECK_FALSE(window.take(size, clock.steady()));
}

TEST_CASE("a window of any size counts as a list of its times would") {
  for (const std::uint32_t places : {1U, 3U, 50U, 1000U}) {
    SeededRandom random(places);
    FakeClock clock;
    Window window;
    std::vector<Steady> times;
    const Window::Size size{places, milliseconds(1000)};
    for (int step = 0; step < 20'000; ++step) {
      clock.advance(microseconds(random.below(4'000'000 / places)));
      const Steady now = clock.steady();
      std::erase_if(times, [&](Steady at) { return at + size.length <= now; });
      REQUIRE(window.remaining(size, now) == places - times.size());
      const auto limited = window.take(size, now);
      REQUIRE(limited.has_value() == (times.size() == places));
      if (limited)
        REQUIRE(limited->retry_after == std::chrono::ceil<milliseconds>(times.front() + size.length - now));
      if (!limited) times.push_back(now);
      REQUIRE(window.idle(size, now) == times.empty());
    }
  }
}

TEST_CASE("cooldown and window both bind, moderators by a wider window only") {
  SendLimits limits({});
  FakeClock clock;
  const UserId user(1);
  const ChannelId room(1);
  CHECK_FALSE(limits.take(user, room, {}, clock.steady()));
  CHECK(limits.take(user, room, {}, clock.steady())->retry_after == milliseconds(1000));
  CHECK_FALSE(limits.take(user, ChannelId(2), {}, clock.steady()));  // another room has its own cooldown
  clock.advance(milliseconds(500));
  CHECK_FALSE(limits.take(user, room, {.subscriber = true}, clock.steady()));
  for (int i = 0; i < 17; ++i) {
    clock.advance(seconds(1));
    CHECK_FALSE(limits.take(user, room, {}, clock.steady()));
  }
  clock.advance(seconds(1));
  const auto limited = limits.take(user, room, {}, clock.steady());  // the twenty-first within 30 s
  REQUIRE(limited);
  CHECK(limited->remaining == 0);
  CHECK(limited->retry_after == milliseconds(11'500));
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(limits.take(UserId(2), room, {.moderator = true}, clock.steady()));
  CHECK(limits.take(UserId(2), room, {.moderator = true}, clock.steady()));
}

TEST_CASE("slow mode counts from the last published message, halved for subscribers") {
  SendLimits limits({});
  FakeClock clock;
  CHECK_FALSE(limits.slow_wait(UserId(1), ChannelId(1), {}, seconds(30), clock.steady()));
  limits.sent(UserId(1), ChannelId(1), {clock.steady(), 0});
  clock.advance(seconds(10));
  CHECK(limits.slow_wait(UserId(1), ChannelId(1), {}, seconds(30), clock.steady()) == seconds(20));
  CHECK(limits.slow_wait(UserId(1), ChannelId(1), {.subscriber = true}, seconds(30), clock.steady()) ==
        seconds(5));
  CHECK_FALSE(limits.slow_wait(UserId(1), ChannelId(1), {.moderator = true}, seconds(30), clock.steady()));
  CHECK_FALSE(limits.slow_wait(UserId(1), ChannelId(1), {}, seconds(0), clock.steady()));
  limits.forget_idle(clock.steady());
  CHECK(limits.slow_wait(UserId(1), ChannelId(1), {}, seconds(30), clock.steady()));
}

TEST_CASE("the same text again is held against its user for half a minute, in that room") {
  SendLimits limits({});
  FakeClock clock;
  const UserId user(1);
  const ChannelId room(1);
  limits.sent(user, room, {clock.steady(), 77});
  clock.advance(seconds(10));
  CHECK(limits.repeat_wait(user, room, {}, 77, clock.steady()) == seconds(20));
  CHECK_FALSE(limits.repeat_wait(user, room, {}, 78, clock.steady()));
  CHECK_FALSE(limits.repeat_wait(user, ChannelId(2), {}, 77, clock.steady()));
  CHECK_FALSE(limits.repeat_wait(UserId(2), room, {}, 77, clock.steady()));
  CHECK_FALSE(limits.repeat_wait(user, room, {.vip = true}, 77, clock.steady()));
  clock.advance(seconds(20));
  CHECK_FALSE(limits.repeat_wait(user, room, {}, 77, clock.steady()));
  SendLimits::Rates off;
  off.repeat = milliseconds(0);
  limits.change(off);
  limits.sent(user, room, {clock.steady(), 77});
  CHECK_FALSE(limits.repeat_wait(user, room, {}, 77, clock.steady()));
}

TEST_CASE("what was not published after all does not count for slow mode") {
  SendLimits limits({});
  FakeClock clock;
  const UserId user(1);
  const ChannelId room(1);
  const auto wait = [&] { return limits.slow_wait(user, room, {}, seconds(30), clock.steady()); };
  const SendLimits::Sent first{clock.steady(), 1};
  const auto before = limits.sent(user, room, first);
  CHECK_FALSE(before);
  CHECK(limits.take_back(user, room, first, before));
  CHECK_FALSE(wait());
  limits.sent(user, room, first);
  clock.advance(seconds(10));
  const SendLimits::Sent second{clock.steady(), 2};
  const auto was = limits.sent(user, room, second);
  CHECK(was == first);
  CHECK_FALSE(limits.take_back(user, room, first, std::nullopt));  // the newer one counts
  CHECK(wait() == seconds(30));
  CHECK(limits.take_back(user, room, second, was));
  CHECK(wait() == seconds(20));
  clock.advance(std::chrono::minutes(3));
  limits.forget_idle(clock.steady());
  CHECK(limits.take_back(user, room, first, std::nullopt));  // forgotten since
}

TEST_CASE("windows of many are kept apart, and given back when idle") {
  Windows<std::string> windows;
  FakeClock clock;
  const Window::Size size{2, milliseconds(1000)};
  for (int i = 0; i < 2; ++i) CHECK_FALSE(windows.take("a", size, clock.steady()));
  CHECK(windows.take("a", size, clock.steady())->retry_after == milliseconds(1000));
  CHECK_FALSE(windows.take("b", size, clock.steady()));
  windows.forget_idle(size, clock.steady());
  CHECK(windows.size() == 2);
  clock.advance(seconds(1));
  windows.forget_idle(size, clock.steady());
  CHECK(windows.size() == 0);
}

TEST_CASE("emotes are found by code point") {
  EmoteBook book;
  const auto find = [&](std::string_view text) { return book.find(text, {}); };
  CHECK(find("Kappa").empty());
  book.add("Kappa", {EmoteId(25), {}, {}, 0});
  book.add("<3", {EmoteId(9), {}, {}, 0});
  const auto uses = find("h\xc3\xa9 Kappa kappa \xf0\x9f\x98\x80 <3 Kappa");
  REQUIRE(uses.size() == 3);
  CHECK((uses[0].id == "25" && uses[0].first == 3 && uses[0].last == 7));
  CHECK((uses[1].id == "9" && uses[1].first == 17 && uses[1].last == 18));
  CHECK((uses[2].first == 20 && uses[2].last == 24));
  CHECK(only_emotes("Kappa <3", find("Kappa <3")));
  CHECK_FALSE(only_emotes("Kappa x", find("Kappa x")));
}

TEST_CASE("typed text is folded, cleaned and told from commands") {
  CHECK(read_typed("  a \t b\r\nc  ").text == "a b c");
  CHECK(read_typed("a\xff"
                   "b")
            .text ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(read_typed("/me  waves ").text == "waves");
  CHECK(read_typed("/me waves").action);
  CHECK(read_typed("/ME waves").text == "waves");
  CHECK(read_typed(".Me Waves").text == "Waves");
  CHECK(read_typed("/mean").command);
  CHECK(read_typed("/ban eve now").text == "ban eve now");
  CHECK(read_typed("\x01"
                   "ACTION bows\x01")
            .text == "bows");
  CHECK_FALSE(read_typed("... what").command);
  CHECK(read_typed("\x01"
                   "ACTION\x01")
            .action);
  CHECK_FALSE(read_typed("\x01"
                         "ACTIONS speak")
                  .action);
  CHECK(read_typed(".me waves").action);
  CHECK(read_typed(".me waves").text == "waves");
  CHECK(read_typed("/ /ban eve").text == "/ban eve");
  CHECK_FALSE(read_typed("/ /ban eve").command);
  CHECK(read_typed("/").text.empty());
}

TEST_CASE("typed text can neither end its line nor turn round what stands beside it") {
  CHECK(read_typed("a\xc2\x85"
                   "b\xe2\x80\xa8\xe2\x80\xa9"
                   "c\xc2\xa0"
                   "d")
            .text ==
        "a b c\xc2\xa0"
        "d");  // NEL and the separators are blanks, a no-break space is a character
  CHECK(read_typed("\xe2\x80\xae"
                   "evil\xe2\x81\xa6 text\xe2\x80\xac")
            .text == "evil text");
  CHECK(read_typed("\xe2\x80\x8f\xd7\xa9\xf0\x9f\x98\x80").text == "\xe2\x80\x8f\xd7\xa9\xf0\x9f\x98\x80");
  CHECK(read_typed("\xe2\x80\xae").text.empty());
  CHECK(read_typed("\xe2\x80\xae/me waves").action);
}

namespace {
MessagePtr message(const char* origin, std::uint64_t seq) {
  Message m;
  m.origin = origin;
  m.seq = seq;
  m.text = origin + std::to_string(seq);
  m.id = m.text;
  return std::make_shared<const Message>(m);
}
std::string texts(const History::Missed& missed) {
  std::string all;
  for (const auto& m : missed.messages) all += m->text + " ";
  return all + (missed.gap ? "gap" : "");
}
}  // namespace

TEST_CASE("history resumes across runs of the node, and says when something is missing") {
  History history(6);
  for (std::uint64_t i = 1; i <= 4; ++i) history.add(message("a", i));
  for (std::uint64_t i = 1; i <= 4; ++i) history.add(message("b", i));  // a1 and a2 have been pushed out
  CHECK(texts(history.after({{"a", 4}}, {{"b", 4}}, false)) == "b1 b2 b3 b4 ");
  CHECK(texts(history.after({{"a", 3}}, {{"b", 4}}, false)) == "a4 b1 b2 b3 b4 ");
  CHECK(texts(history.after({{"a", 2}}, {{"b", 4}}, false)) == "a3 a4 b1 b2 b3 b4 ");
  CHECK(texts(history.after({{"a", 1}}, {{"b", 4}}, false)) == "a3 a4 b1 b2 b3 b4 gap");
  CHECK(texts(history.after({{"b", 2}}, {{"b", 4}}, false)) ==
        "b3 b4 ");  // older ones of a run it never heard of are not news
  CHECK(texts(history.after({{"a", 4}, {"b", 4}}, {{"b", 4}}, false)) == "");
  CHECK(texts(history.after({{"x", 9}}, {{"b", 4}}, false)) == "a3 a4 b1 b2 b3 b4 gap");
  CHECK(texts(history.after({{"a", 9}}, {{"b", 4}}, false)) ==
        "b1 b2 b3 b4 ");  // the page saw more than was kept
  CHECK(texts(History().after({{"b", 0}}, {{"b", 0}}, false)) == "");
}

TEST_CASE("a history that goes back to the first message misses nothing after a restart, until it is full") {
  History history(3);
  CHECK(texts(history.after({{"a", 7}}, {{"b", 0}}, false)) ==
        "gap");  // nothing is known of what a run before said
  history.begins_at_first();
  CHECK(texts(history.after({{"a", 7}}, {{"b", 0}}, false)) == "");
  for (std::uint64_t i = 1; i <= 3; ++i) history.add(message("b", i));
  CHECK(texts(history.after({{"a", 7}}, {{"b", 3}}, false)) == "b1 b2 b3 ");
  history.add(message("b", 4));
  CHECK(texts(history.after({{"a", 7}}, {{"b", 4}}, false)) == "b2 b3 b4 gap");
}

TEST_CASE("with a whole cursor nothing of an origin that it does not name was seen") {
  History history(4);
  const Seen heads{{"a", 2}, {"b", 2}};
  for (const char* origin : {"a", "b"})
    for (std::uint64_t i = 1; i <= 2; ++i) history.add(message(origin, i));
  CHECK(texts(history.after({{"b", 1}}, heads, false)) == "b2 ");
  CHECK(texts(history.after({{"b", 1}}, heads, true)) == "a1 a2 b2 ");
  history.add(message("c", 1));  // a1 has been pushed out
  CHECK(texts(history.after({{"b", 2}}, heads, true)) == "a2 c1 gap");
  CHECK(texts(history.after({{"a", 1}, {"b", 2}}, heads, true)) == "a2 c1 ");
  CHECK(texts(history.after({{"a", 2}, {"b", 2}, {"c", 1}}, {{"a", 2}, {"z", 3}}, true)) ==
        "gap");  // z, all of it
}

TEST_CASE("history has the messages' order, whenever they came, and a message by two numbers once") {
  const auto at = [](const std::string& id, const std::string& origin, std::uint64_t seq,
                     std::int64_t order) {
    Message m;
    m.id = m.text = id;
    m.origin = origin;
    m.seq = seq;
    m.order = order;
    return std::make_shared<const Message>(m);
  };
  History history(3);
  CHECK(history.add(at("x", "a", 1, 20)) == History::Added::new_one);
  CHECK(history.add(at("y", "b", 1, 10)) == History::Added::new_one);
  CHECK(history.add(at("z", "b", 2, 20)) == History::Added::new_one);
  CHECK(texts({history.last(9), false}) == "y x z ");
  CHECK(history.add(at("z", "c", 1, 15)) == History::Added::known);  // said first there
  CHECK(texts({history.last(9), false}) == "y z x ");
  CHECK(history.entry("z")->seq_of("b") == 2);
  CHECK(history.entry("z")->seq_of("c") == 1);
  CHECK(texts(history.after({{"a", 1}, {"b", 2}}, {}, true)) == "");
  CHECK(history.add(at("old", "a", 9, 5)) == History::Added::too_old);
  CHECK(history.add(at("w", "a", 2, 30)) == History::Added::new_one);
  CHECK(texts({history.last(9), false}) == "z x w ");
}

TEST_CASE("a busy room's lines wait for its tick and go out together; a quiet one's at once") {
  TestHall hall;
  JsonPeer page(hall);
  page.send(R"({"type":"join","channel":"demo"})");
  Room& room = *hall.rooms.find("demo");
  std::vector<std::unique_ptr<JsonPeer>> crowd;
  for (int i = 0; i < 999; ++i)
    crowd.emplace_back(std::make_unique<JsonPeer>(hall))->send(R"({"type":"join","channel":"demo"})");
  const auto publish = [&] {
    Message m;
    m.text = "x";
    room.publish(std::move(m), nullptr);
  };
  int asked = 0;
  hall.rooms.on_gathered = [&] { ++asked; };
  publish();
  CHECK(asked == 1);
  CHECK_FALSE(hall.rooms.flush(hall.clock.steady()));
  CHECK(page.outlet.batches.size() == 1);
  publish();
  const auto next = hall.rooms.flush(hall.clock.steady());
  REQUIRE(next);
  CHECK(*next == hall.clock.steady() + milliseconds(72));
  publish();
  CHECK(page.outlet.batches.size() == 1);
  CHECK(asked == 2);
  hall.rooms.open({ChannelId(2), "other", UserId(8)}).change_settings({.slow = 3});
  CHECK(asked == 3);  // a quiet room does not wait for a busy one
  hall.clock.advance(milliseconds(71));
  CHECK(hall.rooms.flush(hall.clock.steady()));
  hall.clock.advance(milliseconds(1));
  CHECK_FALSE(hall.rooms.flush(hall.clock.steady()));
  CHECK(page.outlet.batches.size() == 2);
  CHECK(hall.rooms.deliveries() == 2000);
}

TEST_CASE("a tick grows with the room, until the writes to all of a large one leave no time for it") {
  const Rooms::Rhythm rhythm;
  CHECK(rhythm.tick(0) == milliseconds(0));
  CHECK(rhythm.tick(20) == microseconds(1500));
  CHECK(rhythm.tick(1000) == milliseconds(72));
  CHECK(rhythm.tick(5000) == milliseconds(40));
  CHECK(rhythm.tick(10'000) == milliseconds(0));
  CHECK(rhythm.tick(100'000) == milliseconds(0));
  for (std::size_t members = 0; members < 20'000; members += 100)
    CHECK(rhythm.tick(members) + rhythm.write * members <=
          std::max<Steady::duration>(rhythm.reach, rhythm.write * members));
}
