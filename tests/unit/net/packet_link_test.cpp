#include "net/packet_link.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/clock.hpp"
#include "os/spawn.hpp"

using namespace sluice;
using namespace sluice::net;
using namespace std::chrono_literals;

namespace {

// A link, and the bare socket at its other end.
struct Ends {
  Loop loop;
  std::vector<std::string> heard;
  std::string lost;
  int losses = 0, rooms = 0;
  os::PacketSocket other;
  std::optional<PacketLink> link;
  std::function<void()> when_heard = [] {};

  explicit Ends(milliseconds patience = 60s) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
    other = os::PacketSocket(os::UniqueFd(fds[1]));
    link.emplace(loop, os::PacketSocket(os::UniqueFd(fds[0])), patience,
                 PacketLink::Handler{.message =
                                         [this](os::PacketMessage& message) {
                                           heard.push_back(message.text);
                                           when_heard();
                                         },
                                     .lost =
                                         [this](const std::string& why) {
                                           lost = why;
                                           ++losses;
                                           loop.stop();
                                         },
                                     .room =
                                         [this] {
                                           ++rooms;
                                           loop.stop();
                                         }});
  }
  // All that is due now.
  void turn() {
    loop.post([this] { loop.post([this] { loop.stop(); }); });
    loop.run();
  }
  // With the last of them in line.
  std::size_t fill() {
    const std::string big(60'000, 'a');
    std::size_t sent = 0;
    for (; link->free(); ++sent) link->send(big);
    return sent;
  }
};

}  // namespace

TEST_CASE("what the other process does not take at once stands in line, in order, with its descriptors") {
  Ends ends;
  os::Pipe pipe = os::make_pipe().value();
  const int write = pipe.write.get();
  const std::size_t before = ends.fill();
  REQUIRE(before > 1);
  for (int i = 0; i < 100; ++i) ends.link->send(std::to_string(i), std::span(&write, 1));
  pipe.write = {};
  ends.turn();
  CHECK(ends.rooms == 0);

  for (std::size_t i = 0; i < before; ++i) {
    if (i + 1 == before)
      while (ends.rooms == 0) ends.loop.run();
    REQUIRE(ends.other.receive().value()->text.size() == 60'000);
  }
  CHECK(ends.link->free());
  for (int i = 0; i < 100; ++i) {
    auto message = ends.other.receive().value();
    REQUIRE(message->text == std::to_string(i));
    REQUIRE(message->fds.size() == 1);
    REQUIRE(::write(message->fds[0].get(), "x", 1) == 1);
  }
  CHECK(ends.losses == 0);
}

TEST_CASE("one that reads nothing costs no wait, and is lost after its patience") {
  Ends ends(200ms);
  const Steady began = system_clock().steady();
  ends.fill();
  for (int i = 0; i < 50; ++i) ends.link->send("more");
  CHECK(system_clock().steady() - began < 150ms);
  ends.loop.run();
  CHECK(ends.lost == "it takes no messages");
  CHECK(system_clock().steady() - began >= 200ms);
  ends.link->send("after");
  ends.turn();
  CHECK(ends.losses == 1);
}

TEST_CASE("one that reads slowly is not lost") {
  // The kernel tells of room when three quarters of the socket's buffer have been read.
  Ends ends(1500ms);
  ends.fill();
  for (int i = 0; i < 60; ++i) ends.link->send(std::string(60'000, 'b'));
  Timer reads(ends.loop);
  reads.every(50ms, [&] { (void)ends.other.receive(); });
  ends.loop.run();
  CHECK(ends.losses == 0);
  CHECK(ends.rooms == 1);
}

TEST_CASE("messages are heard until the link is paused, again when it is resumed, and its end is told once") {
  Ends ends;
  REQUIRE(ends.other.send("one"));
  REQUIRE(ends.other.send("two"));
  ends.when_heard = [&] { ends.link->pause(); };
  ends.turn();
  ends.turn();
  CHECK(ends.heard == std::vector<std::string>{"one"});
  ends.when_heard = [] {};
  ends.link->resume();
  while (ends.heard.size() < 2) ends.turn();
  ends.other = {};
  ends.loop.run();
  CHECK(ends.lost == "it has gone");
  ends.turn();
  CHECK(ends.losses == 1);
}

TEST_CASE("the loss of a link that is paused is told when it is resumed") {
  Ends ends;
  REQUIRE(ends.other.send("one"));
  ends.other = {};
  ends.link->send("it has closed");
  ends.link->pause();
  ends.turn();
  CHECK(ends.losses == 0);
  CHECK(ends.link->fd() >= 0);
  ends.link->resume();
  ends.turn();
  CHECK(ends.losses == 1);
  CHECK(ends.lost == "the other process has gone");
}

TEST_CASE("a link may be destroyed by what it hears") {
  Ends ends;
  REQUIRE(ends.other.send("one"));
  REQUIRE(ends.other.send("two"));
  ends.when_heard = [&] { ends.link.reset(); };
  while (ends.heard.empty()) ends.turn();
  ends.turn();
  CHECK(ends.heard == std::vector<std::string>{"one"});
  CHECK(ends.losses == 0);
  CHECK_FALSE(ends.other.receive().value());
}
