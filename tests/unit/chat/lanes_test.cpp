// Members written to by several threads: each gets, byte for byte, what it gets from one.
#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
void on_threads(std::size_t lanes, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (std::size_t lane; (lane = next++) < lanes;) work(lane);
    });
  for (std::thread& thread : threads) thread.join();
}

// Takes so many bytes at once; the rest comes later, as to a socket. Once a flush, as a connection.
struct Socket final : Sink {
  int number = 0;
  std::size_t takes = 0;
  std::string got;
  bool given = false;
  int begin_write() override { return std::exchange(given, true) || takes == 0 ? -1 : number; }
  void write(SocketWrite& write) {
    write.written = std::min(takes, write.bytes.size());
    got += as_text(write.bytes).substr(0, write.written);
  }
  void deliver_rest(const SharedBytes& bytes, std::size_t written) override {
    got += as_text(*bytes).substr(written);
  }
  void deliver(const SharedBytes& bytes) override { deliver_rest(bytes, 0); }
};

// Two rooms, a crowd in both on all wires, which speaks, comes, goes and is left out of the ceiling's sample.
std::vector<std::string> play(std::size_t lanes, std::uint64_t seed) {
  FakeClock clock;
  SeededRandom random(seed);
  Rooms rooms("o1", RenderStyle{"tmi.twitch.tv", append_marked, append_packed});
  if (lanes > 1) rooms.share_out(lanes, on_threads);
  rooms.change(Ceiling::Rate(40));
  std::array<Room*, 2> both{&rooms.open({ChannelId(1), "one", UserId(1)}),
                            &rooms.open({ChannelId(2), "two", UserId(2)})};
  constexpr std::size_t crowd = 400;
  std::vector<Socket> sockets(crowd);
  for (std::size_t i = 0; i < crowd; ++i) sockets[i].number = static_cast<int>(i);
  if (lanes > 1)  // alone all is queued, in order
    rooms.write_with([&](std::size_t) {
      return [&](std::span<SocketWrite> writes) {
        for (SocketWrite& write : writes) sockets[static_cast<std::size_t>(write.socket)].write(write);
      };
    });
  std::vector<User> users;
  for (std::size_t i = 0; i < crowd; ++i)
    users.push_back(i % 3 == 0 ? User{} : user(static_cast<std::int64_t>(i), "u" + std::to_string(i)));
  std::array<std::vector<Member>, 2> members{std::vector<Member>(crowd), std::vector<Member>(crowd)};
  std::array<std::vector<bool>, 2> in{std::vector<bool>(crowd), std::vector<bool>(crowd)};
  for (std::size_t i = 0; i < crowd; ++i) {
    const std::uint64_t w = random.below(Wire::count);
    sockets[i].takes = i % 5 == 0 ? random.below(300) : 1 << 20;
    for (auto& list : members) {
      list[i].sink = &sockets[i];
      list[i].user = &users[i];
      list[i].wire = {(w & 1) != 0, (w & 2) != 0, (w & 4) != 0, (w & 8) != 0, (w & 16) != 0, (w & 32) != 0};
    }
  }
  for (int turn = 0; turn < 60; ++turn) {
    for (int act = 0; act < 60; ++act) {
      const std::size_t r = random.below(2), i = random.below(crowd);
      if (random.below(3) == 0 || (turn == 0 && !in[r][i])) {
        in[r][i] ? both[r]->leave(members[r][i]) : both[r]->join(members[r][i]);
        in[r][i] = !in[r][i];
      } else {
        Message message;
        message.id = std::to_string(turn * 60 + act);
        message.text = "line " + message.id;
        message.author = users[i];
        both[r]->publish(std::move(message), in[r][i] ? &members[r][i] : nullptr);
      }
    }
    if (turn == 0)
      for (std::size_t i = 0; i < crowd; ++i)
        for (std::size_t r = 0; r < 2; ++r)
          if (!in[r][i]) both[r]->join(members[r][i]), in[r][i] = true;
    if (turn % 10 == 9) rooms.beat();
    clock.advance(milliseconds(60));
    for (Socket& socket : sockets) socket.given = false;
    rooms.flush(clock.steady());
  }
  std::vector<std::string> got{std::to_string(rooms.deliveries()) + " " + std::to_string(rooms.left_out())};
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t i = 0; i < crowd; ++i)
      if (in[r][i]) both[r]->leave(members[r][i]);
  CHECK(both[0]->members() + both[1]->members() == 0);
  for (Socket& socket : sockets) got.push_back(std::move(socket.got));
  return got;
}
}  // namespace

TEST_CASE("what several threads write is what one would, to each member, in its order") {
  const std::uint64_t seed = GENERATE(1, 2, 3);
  const auto alone = play(1, seed);
  const auto together = play(GENERATE(2, 16), seed);
  CHECK(alone[0] == together[0]);
  std::size_t differ = 0, bytes = 0;
  for (std::size_t i = 1; i < alone.size(); ++i) {
    differ += alone[i] != together[i];
    bytes += alone[i].size();
  }
  CHECK(differ == 0);
  CHECK(bytes > 1'000'000);
}

TEST_CASE("a few members are written to without waking anybody") {
  TestHall hall;
  int woken = 0;
  hall.rooms.share_out(4, [&](std::size_t lanes, const auto& work) {
    ++woken;
    for (std::size_t lane = 0; lane < lanes; ++lane) work(lane);
  });
  std::vector<std::unique_ptr<JsonPeer>> crowd;
  const auto come = [&](std::size_t count) {
    while (crowd.size() < count)
      crowd.emplace_back(std::make_unique<JsonPeer>(hall))->send(R"({"type":"join","channel":"demo"})");
    hall.flush();
    for (auto& peer : crowd) peer->outlet.take_delivered();
    woken = 0;
    hall.rooms.find("demo")->tell_title("one");
    hall.flush();
    for (auto& peer : crowd) CHECK(peer->outlet.take_delivered().find("\"one\"") != std::string::npos);
  };
  come(Rooms::worth_sharing - 1);
  CHECK(woken == 0);
  come(Rooms::worth_sharing);
  CHECK(woken == 1);
}

TEST_CASE("who agreed on compressed frames gets them, shared by all of its kind; the others none") {
  TestHall hall;
  JsonPeer plain(hall), one(hall), two(hall);
  IrcPeer irc(hall);
  one.outlet.packed = two.outlet.packed = true;
  irc.outlet.in_frames = irc.outlet.packed = true;
  irc.send("NICK justinfan1\r\nJOIN #demo\r\n");
  for (JsonPeer* peer : {&plain, &one, &two}) peer->send(R"({"type":"join","channel":"demo"})");
  hall.flush();
  for (JsonPeer* peer : {&plain, &one, &two}) peer->outlet.batches.clear(), peer->outlet.take_delivered();
  Room& room = *hall.rooms.find("demo");
  for (const char* text : {"first", "second"}) {
    Message message;
    message.text = text;
    message.author = user(8, "bob");
    room.publish(std::move(message), nullptr);
  }
  hall.flush();
  CHECK(plain.outlet.delivered.starts_with("[{"));
  REQUIRE(one.outlet.batches.size() == 1);
  CHECK(one.outlet.batches == two.outlet.batches);  // the very bytes
  CHECK(one.outlet.delivered.starts_with("{{"));
  CHECK(one.outlet.delivered.find("}}{{") != std::string::npos);  // an object a frame
  CHECK(irc.outlet.delivered ==
        "{:bob!bob@bob.tmi.twitch.tv PRIVMSG #demo :first\r\n:bob!bob@bob.tmi.twitch.tv PRIVMSG #demo "
        ":second\r\n}");
  // What is told to some alone, too.
  one.outlet.take_delivered();
  room.tell([](const Member&) { return true; },
            [](std::string& out, const Wire& wire) { out += wire.json ? "x" : ""; }, hall.rooms.style());
  CHECK(one.outlet.take_delivered() == "{x}");
}
