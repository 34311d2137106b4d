// A hot room's ceiling: how much is told, to whom everything is, and that what is left out is counted and
// told.
#include "chat/ceiling.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using nlohmann::json;

namespace {
Line said(std::uint64_t seq, const Roles& roles = {}, std::string announcement = {}) {
  Message message;
  message.seq = seq;
  message.roles = roles;
  message.announcement = std::move(announcement);
  return {std::make_shared<const Message>(std::move(message))};
}
std::vector<Line> many(std::size_t count) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < count; ++i) lines.push_back(said(i));
  return lines;
}
std::size_t told(const std::vector<Line>& lines) {
  return static_cast<std::size_t>(std::ranges::count(lines, Line::Whom::everybody, &Line::whom));
}
constexpr std::string_view join = R"({"type":"join","channel":"demo"})";

// A room of a busy minute: readers of every kind, and a crowd that speaks.
struct BusyRoom {
  TestHall hall;
  Room& room = hall.rooms.open(hall.directory.channels["demo"]);
  BusyRoom() { hall.rooms.change(Ceiling::Rate(10)); }
  void say(std::string text, std::int64_t author = 100, Member* from = nullptr) {
    Message message;
    message.id = text;
    message.text = std::move(text);
    message.author = user(author, "u" + std::to_string(author));
    message.roles = room.roles_of(message.author);
    room.publish(std::move(message), from);
  }
  void say_many(int count) {
    for (int i = 0; i < count; ++i) say("m" + std::to_string(i), 100 + i);
  }
};

std::vector<json> objects(RecordingOutlet& outlet, std::string_view type) {
  std::vector<json> all;
  const std::string delivered = outlet.take_delivered();
  for (std::size_t at = 0; at < delivered.size();) {  // each in its frame's mark
    const std::size_t end = delivered.find("}]", at) == std::string::npos ? delivered.size() : 0;
    REQUIRE(end == 0);
    std::size_t to = delivered.find("][{", at);
    if (to == std::string::npos) to = delivered.size() - 1;
    json object = json::parse(delivered.substr(at + 1, to - at - 1));
    if (object["type"] == type) all.push_back(std::move(object));
    at = to + 1;
  }
  return all;
}
std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}
}  // namespace

TEST_CASE("a room is told its rate, and after a quiet time a second's worth more, whatever the tick") {
  const int tick_ms = GENERATE(1, 7, 50, 300, 1000);
  FakeClock clock;
  SeededRandom random(5);
  Ceiling ceiling;
  clock.advance(std::chrono::hours(1));
  std::size_t sum = 0, ticks = 0;
  for (int ms = 0; ms < 20'000; ms += tick_ms, ++ticks) {
    auto lines = many(static_cast<std::size_t>(tick_ms) * 2);  // 2000 a second
    ceiling.choose(lines, 50, clock.steady(), random);
    sum += told(lines);
    clock.advance(milliseconds(tick_ms));
  }
  CHECK(sum >= 20 * 50);
  CHECK(sum <= 20 * 50 + 50);
  const auto [shown, left_out] = ceiling.take_count();
  CHECK(shown == sum);
  CHECK(shown + left_out == ticks * static_cast<std::size_t>(tick_ms) * 2);
  CHECK(ceiling.left_out() == left_out);
  CHECK(ceiling.take_count().left_out == 0);
}

TEST_CASE("below the rate, or without one, nothing is left out") {
  FakeClock clock;
  SeededRandom random(5);
  Ceiling below, none;
  for (int i = 0; i < 1000; ++i) {
    clock.advance(milliseconds(25));
    auto lines = many(1);
    below.choose(lines, 40, clock.steady(), random);
    CHECK(told(lines) == 1);
    lines = many(100);
    none.choose(lines, 0, clock.steady(), random);
    CHECK(told(lines) == 100);
  }
  CHECK(below.left_out() + none.left_out() == 0);
  CHECK(none.take_count().told == 100'000);
}

TEST_CASE("each line of a tick has the same chance, and the lines keep their order") {
  FakeClock clock;
  SeededRandom random(17);
  Ceiling ceiling;
  std::array<int, 20> chosen{};
  constexpr int rounds = 4000;
  for (int round = 0; round < rounds; ++round) {
    clock.advance(milliseconds(100));
    auto lines = many(chosen.size());
    ceiling.choose(lines, 50, clock.steady(), random);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      CHECK(std::get<MessagePtr>(lines[i].what)->seq == i);
      chosen[i] += lines[i].whom == Line::Whom::everybody;
    }
  }
  for (const int times : chosen) {  // 5 of 20: 1000 times, ± 5 standard deviations
    CHECK(times > 1000 - 140);
    CHECK(times < 1000 + 140);
  }
}

TEST_CASE("what moderators and VIPs say, announcements and what is no message are told to everybody") {
  FakeClock clock;
  SeededRandom random(3);
  Ceiling ceiling;
  auto crowd = many(100);
  ceiling.choose(crowd, 10, clock.steady(), random);
  auto lines = many(100);
  lines[10] = said(10, {.broadcaster = true});
  lines[20] = said(20, {.moderator = true});
  lines[30] = said(30, {.vip = true});
  lines[40] = said(40, {}, "BLUE");
  lines[50] = {Presence{"demo", 7}};
  lines[60] = {lines[61].what, 0, true};  // what another node said while it was not heard
  ceiling.choose(lines, 10, clock.steady(), random);
  CHECK(told(lines) == 6);
  for (const std::size_t i : {10, 20, 30, 40, 50, 60}) CHECK(lines[i].whom == Line::Whom::everybody);
  CHECK(ceiling.left_out() == 90 + 94);

  // However much that was, the others have their turn within two seconds.
  std::vector<Line> flood;
  for (std::uint64_t i = 0; i < 1000; ++i) flood.push_back(said(i, {.moderator = true}));
  ceiling.choose(flood, 10, clock.steady(), random);
  CHECK(told(flood) == 1000);
  clock.advance(milliseconds(1100));
  auto after = many(1);
  ceiling.choose(after, 10, clock.steady(), random);
  CHECK(told(after) == 1);
}

TEST_CASE("readers are shown the rate and told the rest; who has to sees everything") {
  BusyRoom busy;
  TestHall& hall = busy.hall;
  hall.directory.tickets["mod"] = {user(20, "mod"), true};
  hall.directory.tickets["vip"] = {user(21, "vip"), true};
  hall.directory.tickets["bot"] = {user(22, "bot"), true};
  hall.directory.tickets["bot"].user.bot = true;
  hall.directory.tickets["reader"] = {user(23, "reader"), true};
  busy.room.standing().grant(Standing::Role::moderator, UserId(20), "mod");
  std::map<std::string, std::unique_ptr<JsonPeer>> peers;
  for (const char* name : {"k7", "mod", "vip", "bot", "reader", ""}) {
    JsonPeer& peer = *(peers[name] = std::make_unique<JsonPeer>(hall));
    if (*name != 0) peer.send(R"({"type":"auth","ticket":")" + std::string(name) + "\"}");
    peer.send(join);
  }
  busy.room.standing().grant(Standing::Role::vip, UserId(21), "vip");  // after it came in
  hall.flush();
  for (auto& [name, peer] : peers) peer->outlet.take_delivered();

  busy.say_many(40);
  hall.flush();
  std::string shown;
  for (auto& [name, peer] : peers) {
    CAPTURE(name);
    const auto messages = objects(peer->outlet, "message");
    const bool reads_along = name.empty() || name == "reader";
    CHECK(messages.size() == (reads_along ? 10 : 40));
    if (!reads_along) continue;
    std::string ids;
    for (std::uint64_t last = 0; const json& message : messages) {
      CHECK(message["seq"] > last);
      last = message["seq"];
      ids += message["id"].get<std::string>() + " ";
    }
    if (shown.empty()) shown = ids;
    CHECK(ids == shown);  // everybody the same
  }
  hall.rooms.beat();
  hall.flush();
  for (auto& [name, peer] : peers) {
    CAPTURE(name);
    const auto notes = objects(peer->outlet, "sampled");
    if (!name.empty() && name != "reader") {
      CHECK(notes.empty());
      continue;
    }
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == json::parse(R"({"type":"sampled","channel":"demo","told":10,"left_out":30})"));
  }
  hall.rooms.beat();
  hall.flush();
  CHECK(peers["reader"]->outlet.take_delivered().empty());
  CHECK(hall.rooms.left_out() == 30);
  CHECK(busy.room.left_out() == 30);
}

TEST_CASE("an author sees its own line on each of its connections, whatever is left out") {
  BusyRoom busy;
  JsonPeer first(busy.hall), second(busy.hall);
  busy.hall.directory.tickets["again"] = {user(8, "bob"), true};
  for (auto [peer, ticket] : {std::pair(&first, "k8"), {&second, "again"}}) {
    peer->send(R"({"type":"auth","ticket":")" + std::string(ticket) + "\"}");
    peer->send(join);
  }
  busy.say_many(10);
  busy.hall.rooms.flush(busy.hall.clock.steady());
  first.outlet.take_delivered();
  second.outlet.take_delivered();
  busy.say_many(30);
  first.send(R"({"type":"message","channel":"demo","text":"mine","key":"a"})");
  busy.say_many(30);
  busy.hall.clock.advance(milliseconds(50));
  busy.hall.rooms.flush(busy.hall.clock.steady());
  for (JsonPeer* peer : {&first, &second}) {
    const auto messages = objects(peer->outlet, "message");
    REQUIRE(messages.size() == 1);
    CHECK(messages[0]["text"] == "mine");
  }
}

TEST_CASE("IRC readers get the sample and a NOTICE; a moderator everything, its own echo not") {
  BusyRoom busy;
  IrcPeer reader(busy.hall), bare(busy.hall), mod(busy.hall);
  reader.log_in("t9", "cyd");
  bare.send("NICK justinfan1\r\n");
  mod.log_in("t8", "bob");
  busy.room.standing().grant(Standing::Role::moderator, UserId(8), "bob");
  for (IrcPeer* peer : {&reader, &bare, &mod}) peer->send("JOIN #demo\r\n");
  busy.say_many(40);
  mod.send("PRIVMSG #demo :order\r\n");
  busy.hall.flush();
  CHECK(count_of(reader.outlet.delivered, " PRIVMSG ") == 10);
  CHECK(count_of(reader.outlet.take_delivered(), ":order") == 1);
  CHECK(count_of(bare.outlet.take_delivered(), " PRIVMSG ") == 10);
  CHECK(count_of(mod.outlet.delivered, " PRIVMSG ") == 40);
  CHECK(count_of(mod.outlet.take_delivered(), ":order") == 0);
  busy.hall.rooms.beat();
  busy.hall.flush();
  constexpr std::string_view words =
      ":tmi.twitch.tv NOTICE #demo :This room is busy: 10 of the last 41 messages were shown to "
      "everybody.\r\n";
  CHECK(reader.outlet.take_delivered().find("@msg-id=room_sampled " + std::string(words)) !=
        std::string::npos);
  CHECK(bare.outlet.take_delivered().empty());  // without twitch.tv/commands it would only be a line a second
  CHECK(mod.outlet.take_delivered().find("NOTICE") == std::string::npos);
}

TEST_CASE("while a room stays busy pages are told each second, and IRC every ten with what came since") {
  BusyRoom busy;
  JsonPeer page(busy.hall);
  page.send(join);
  IrcPeer irc(busy.hall);
  irc.send("CAP REQ :twitch.tv/commands\r\nNICK justinfan5\r\nJOIN #demo\r\n");
  const auto beat = [&](int lines) {
    if (lines > 0) busy.say_many(lines);
    busy.hall.flush();
    page.outlet.take_delivered(), irc.outlet.take_delivered();
    busy.hall.rooms.beat();
    busy.hall.flush();
  };
  const auto noticed = [&] {
    const std::string heard = irc.outlet.take_delivered();
    const std::size_t at = heard.find("busy: ");
    return at == std::string::npos ? "" : heard.substr(at + 6, heard.find(" messages") - at - 6);
  };
  beat(40);
  CHECK(objects(page.outlet, "sampled").size() == 1);
  CHECK(noticed() == "10 of the last 40");
  for (int second = 1; second < 10; ++second) {
    beat(second == 5 ? 0 : 40);  // a quiet one between
    CHECK(objects(page.outlet, "sampled").size() == (second == 5 ? 0 : 1));
    CHECK(noticed().empty());
  }
  beat(0);  // what waited is told also when nothing is said any more
  CHECK(objects(page.outlet, "sampled").empty());
  CHECK(noticed() == "80 of the last 320");
  for (int second = 0; second < 12; ++second) {
    beat(5);  // all of it is shown
    CHECK(noticed().empty());
  }
  beat(40);
  CHECK(noticed() == "10 of the last 40");
}

TEST_CASE("who resumes is given what the room said, also what the ceiling left out") {
  BusyRoom busy;
  JsonPeer reader(busy.hall);
  reader.send(join);
  busy.say_many(40);
  busy.hall.flush();
  const auto shown = objects(reader.outlet, "message");
  REQUIRE(shown.size() == 10);
  // It comes back with the last number it saw: what it was not shown after that is in the history.
  const std::uint64_t last = shown.back()["seq"];
  JsonPeer again(busy.hall);
  const json joined =
      json::parse(again.send(json{{"type", "join"}, {"channel", "demo"}, {"cursor", {{"o1", last}}}}.dump()));
  CHECK(joined["gap"] == false);
  CHECK(joined["history"].size() == 40 - last);
  // Who asks for all that is kept gets all that was said.
  const json all =
      json::parse(again.send(json{{"type", "join"}, {"channel", "demo"}, {"cursor", json::object()}}.dump()));
  CHECK(all["history"].size() == 40);
}
