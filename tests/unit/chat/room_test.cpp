// A room's members, and what moderation takes off: here, and of what another node brings only afterwards.
#include <deque>

#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;
using Texts = std::vector<std::string>;

namespace {
struct Salon : TestHall {
  Room& room{rooms.open(directory.channels["demo"])};
  struct Seat {
    User user;
    RecordingOutlet outlet;
    Member member;
  };
  std::deque<Seat> seats;

  Seat& sit(std::int64_t id, bool membership = true) {
    Seat& seat = seats.emplace_back();
    seat.user = {UserId(id), "u" + std::to_string(id), "U", ""};
    seat.member.sink = &seat.outlet;
    seat.member.user = &seat.user;
    seat.member.wire = {.tags = false, .commands = true, .membership = membership};
    room.join(seat.member);
    return seat;
  }
  ~Salon() {
    for (Seat& seat : seats) room.leave(seat.member);
  }
  Message said(std::string id, std::int64_t author, Wall at) {
    Message message;
    message.id = std::move(id);
    message.at = at;
    message.author = {UserId(author), "u" + std::to_string(author), "U", ""};
    message.text = message.id;
    message.channel = ChannelId(1);
    message.channel_name = "demo";
    return message;
  }
  void from_elsewhere(std::string id, std::int64_t author, Wall at, std::uint64_t seq,
                      const std::string& origin = "other") {
    Message message = said(std::move(id), author, at);
    message.origin = origin;
    message.seq = seq;
    message.order = at.time_since_epoch().count();
    room.receive(std::make_shared<const Message>(std::move(message)), false, Room::Tell::everyone);
  }
  Texts shown() {
    Texts texts;
    for (const MessagePtr& message : room.history().last(100)) texts.push_back(message->text);
    return texts;
  }
};
constexpr Wall noon{milliseconds(43'200'000)};
}  // namespace

TEST_CASE("who comes and goes is told while there are few, and to nobody among more than a thousand") {
  Salon salon;
  Salon::Seat& first = salon.sit(1);
  for (std::int64_t id = 2; id <= 999; ++id) salon.sit(id, false);
  salon.room.beat();
  salon.flush();
  first.outlet.take_delivered();
  salon.sit(1000, false);
  salon.room.beat();
  salon.flush();
  CHECK(first.outlet.take_delivered().find(":u1000!u1000@u1000.tmi.twitch.tv JOIN #demo") !=
        std::string::npos);
  salon.sit(1001, false);
  salon.room.beat();
  salon.flush();
  CHECK(first.outlet.take_delivered().find("JOIN") == std::string::npos);
  salon.room.leave(salon.seats.back().member);
  salon.seats.pop_back();
  salon.room.beat();
  salon.flush();
  CHECK(first.outlet.take_delivered().find("PART #demo") != std::string::npos);
}

TEST_CASE("those who only read are counted, too, where it costs a write to each to tell of one") {
  Salon salon;
  Salon::Seat& first = salon.sit(1);
  for (int i = 0; i < 1000; ++i) salon.sit(0);
  salon.room.beat();
  salon.flush();
  first.outlet.take_delivered();
  salon.sit(2);
  salon.room.beat();
  salon.flush();
  CHECK(first.outlet.take_delivered().find("JOIN") == std::string::npos);
}

namespace {
struct Counting final : Sink {
  std::size_t bytes = 0, writes = 0;
  void deliver(const SharedBytes& more) override {
    ++writes;
    bytes += more->size();
  }
};

struct Work {
  std::size_t bytes = 0, writes = 0;
  bool operator==(const Work&) const = default;
};

// What a room of `members`, every tenth of them logged in, writes in a hundred seconds, in which `moves`
// users come and half of them go again.
Work work_of(std::size_t members, std::size_t moves, const Wire& wire, std::size_t lanes) {
  TestHall hall;
  if (lanes > 1)
    hall.rooms.share_out(lanes, [](std::size_t all, const auto& write) {
      for (std::size_t lane = 0; lane < all; ++lane) write(lane);
    });
  Room& room = hall.rooms.open(hall.directory.channels["demo"]);
  Counting sink;
  std::vector<User> users(members + moves);
  std::vector<Member> all(members + moves);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i >= members || i % 10 == 0)
      users[i] = user(static_cast<std::int64_t>(i + 1), "u" + std::to_string(i));
    all[i].sink = &sink;
    all[i].user = &users[i];
    all[i].wire = wire;
  }
  for (std::size_t i = 0; i < members; ++i) room.join(all[i]);
  hall.rooms.beat();
  hall.flush();
  sink.bytes = sink.writes = 0;
  std::size_t next = members;
  for (std::size_t beat = 0; beat < 100; ++beat) {
    for (std::size_t i = 0; i < moves / 100; ++i, ++next) {
      room.join(all[next]);
      if (i % 2 == 1) room.leave(all[next - 1]);
    }
    hall.rooms.beat();
    hall.flush();
  }
  const Work done{sink.bytes, sink.writes};
  for (std::size_t i = 0; i < members; ++i) room.leave(all[i]);
  for (std::size_t i = members; i < next; ++i)
    if ((i - members) % 2 == 1) room.leave(all[i]);
  CHECK(room.members() == 0);
  return done;
}
}  // namespace

TEST_CASE("two thousand who come and go cost a room of ten thousand no more than one of a thousand") {
  const std::size_t lanes = GENERATE(1, 16);
  // Nothing at all is written of them.
  const Wire irc{.tags = true, .commands = true, .membership = true};
  CHECK(work_of(1'000, 2'000, irc, lanes) == Work{});
  CHECK(work_of(10'000, 2'000, irc, lanes) == Work{});
  // Pages are told once a second how many there are: so many more writes as there are new members who hear
  // it, and not one for each who came.
  const Wire json{.json = true, .framed = true};
  const auto beyond = [&](std::size_t members) {
    const Work few = work_of(members, 200, json, lanes), many = work_of(members, 2'000, json, lanes);
    return many.writes - few.writes;
  };
  CHECK(beyond(1'000) == beyond(10'000));
  CHECK(work_of(10'000, 2'000, json, lanes).writes < 100 * 11'000 + 1);
}

TEST_CASE(
    "a ban takes off what its user said, also what another node brings later, but not what follows it") {
  Salon salon;
  salon.room.publish(salon.said("mine", 8, noon), nullptr);
  salon.room.publish(salon.said("yours", 9, noon), nullptr);
  salon.room.ban({UserId(8), "u8", "U", ""}, std::nullopt, noon + seconds(1));
  CHECK(salon.shown() == Texts{"yours"});
  salon.from_elsewhere("late", 8, noon + milliseconds(1), 1);
  salon.from_elsewhere("after", 8, noon + seconds(2), 2);
  CHECK(salon.shown() == Texts{"yours", "after"});
}

TEST_CASE("a message that was deleted, or a chat that was cleared, stays so when another node brings it") {
  Salon salon;
  salon.room.remove_message("gone", "u8", "", noon);
  salon.from_elsewhere("gone", 8, noon, 1);
  salon.from_elsewhere("here", 8, noon, 2);
  CHECK(salon.shown() == Texts{"here"});
  salon.room.clear(noon + seconds(1));
  CHECK(salon.shown().empty());
  salon.from_elsewhere("old", 9, noon + seconds(1), 3);
  salon.from_elsewhere("new", 9, noon + seconds(2), 4);
  CHECK(salon.shown() == Texts{"new"});
}

TEST_CASE("no origin is forgotten, however many there are, before somebody says so") {
  Salon salon;
  for (int i = 0; i < 300; ++i) salon.room.count("run" + std::to_string(i), 5);
  CHECK(salon.room.heads().size() == 301);  // and this node's own
  CHECK(salon.room.head("run0") == 5);
  salon.room.forget("run0");
  CHECK(salon.room.head("run0") == 0);
  CHECK(salon.room.head("run1") == 5);
}

TEST_CASE("who spoke shares the next lines with the others again") {
  Salon salon;
  Salon::Seat &bob = salon.sit(8), &cyd = salon.sit(9), &eve = salon.sit(10);
  salon.room.publish(salon.said("one", 8, noon), &bob.member);
  salon.flush();
  CHECK(bob.outlet.take_delivered().find("one") == std::string::npos);
  CHECK(cyd.outlet.batches.back() == eve.outlet.batches.back());
  salon.room.publish(salon.said("two", 9, noon), &cyd.member);
  salon.flush();
  CHECK(bob.outlet.take_delivered().find("two") != std::string::npos);
  CHECK(bob.outlet.batches.back() == eve.outlet.batches.back());  // the same bytes, rendered once
}

TEST_CASE("of a user's connections the one that goes is unplugged") {
  for (std::size_t goes = 0; goes < 3; ++goes) {
    TestHall hall;
    std::deque<IrcPeer> peers;
    for (int i = 0; i < 3; ++i) peers.emplace_back(hall).log_in("t8", "bob");
    peers[goes].send("QUIT\r\n");
    const std::vector<Client*> plugged = hall.hall.switchboard.of(UserId(8));
    CHECK(plugged.size() == 2);
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(std::ranges::count(plugged, peers[i].client.get()) == (i == goes ? 0 : 1));
  }
}

TEST_CASE_METHOD(Salon, "a room that nobody has been in is closed, and opened with its numbers") {
  const auto all = [](const Room&) { return true; };
  auto& seat = sit(5);
  Message line = said("m1", 5, noon);
  room.publish(std::move(line), &seat.member);
  from_elsewhere("x1", 7, noon, 9);
  room.remove_message("m1", "u5", "m1", noon);
  for (int i = 0; i < 5; ++i) rooms.beat();
  CHECK(rooms.close_deserted(1, all) == 0);  // somebody is there
  room.leave(seat.member);
  seats.pop_back();
  CHECK(rooms.close_deserted(0, all) == 0);  // that is to be told
  rooms.beat();
  CHECK(rooms.close_deserted(0, all) == 0);
  rooms.flush({});
  for (int i = 0; i < 3; ++i) rooms.beat();
  CHECK(rooms.close_deserted(2, [](const Room&) { return false; }) == 0);
  CHECK(rooms.close_deserted(4, all) == 0);
  REQUIRE(rooms.close_deserted(2, all) == 1);
  CHECK(rooms.find("demo") == nullptr);
  CHECK(rooms.find(ChannelId(1)) == nullptr);
  CHECK(rooms.all().empty());

  Room& again = rooms.open(directory.channels["demo"]);
  CHECK(&again == &room);
  CHECK(rooms.find(ChannelId(1)) == &room);
  CHECK(shown().empty());
  CHECK(room.seq() == 1);
  CHECK(room.head("other") == 9);
  // What is read of the archive is shown, but for what was taken off, whatever that says.
  const auto restored = [&](std::string id, std::int64_t author) {
    Message message = said(std::move(id), author, noon);
    message.origin = room.origin();
    room.restore(std::make_shared<const Message>(std::move(message)));
  };
  restored("m1", 5);
  restored("m0", 5);
  CHECK(shown() == Texts{"m0"});
  room.publish(said("m2", 5, noon), nullptr);
  CHECK(room.seq() == 2);
}

TEST_CASE_METHOD(Salon, "a closed room hears what is taken off, and keeps no standing") {
  const auto all = [](const Room&) { return true; };
  room.standing().ban(UserId(9), {"nine", std::nullopt});
  const std::uint64_t changes = room.standing().ban_changes();
  CHECK(rooms.known("demo") == &room);
  REQUIRE(rooms.close_deserted(0, all) == 1);
  CHECK(rooms.known("demo") == &room);
  CHECK(rooms.known("nowhere") == nullptr);
  CHECK_FALSE(room.standing().bans_for_ever());
  room.ban({UserId(7), "u7", "U", ""}, std::nullopt, noon);

  CHECK(&rooms.open(directory.channels["demo"]) == &room);
  CHECK(rooms.close_deserted(1, all) == 0);
  Standing fresh;
  fresh.ban(UserId(9), {"nine", std::nullopt});
  room.standing().replace(std::move(fresh));
  CHECK(room.standing().ban_changes() > changes);  // though as many are banned
  for (const std::int64_t author : {7, 8})
    room.restore(std::make_shared<const Message>(said("m" + std::to_string(author), author, noon)));
  CHECK(shown() == Texts{"m8"});
  CHECK(room.taken_off_since(std::nullopt).authors.size() == 1);
}

TEST_CASE_METHOD(Salon, "a room that somebody is expected in is not closed") {
  const auto all = [](const Room&) { return true; };
  for (int i = 0; i < 5; ++i) rooms.beat();
  room.expect_somebody();
  CHECK(rooms.close_deserted(1, all) == 0);
  rooms.expect(directory.channels["demo"]);  // it is there
  CHECK(rooms.find("demo") == &room);
  Channel other = directory.channels["demo"];
  other.id = ChannelId(77);
  other.name = "other";
  rooms.expect(other);
  CHECK(rooms.find("other") == nullptr);
  CHECK(rooms.find(ChannelId(77)) == nullptr);
  Room* expected = rooms.known("other");
  REQUIRE(expected != nullptr);
  CHECK(&rooms.open(other) == expected);
  CHECK(rooms.find(ChannelId(77)) == expected);
}
