#include "net/send_queue.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "os/file.hpp"

using namespace sluice;
using net::SendQueue;

namespace {
struct Sockets {
  std::array<os::UniqueFd, 2> ends;
  Sockets() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    ends = {os::UniqueFd(fds[0]), os::UniqueFd(fds[1])};
    const int little = 4096;
    ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  }
  std::string read() {
    std::array<char, 1 << 16> buffer;
    const ssize_t n = ::read(ends[1].get(), buffer.data(), buffer.size());
    return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
  }
};

// All that is in the queue, through the sockets.
std::string drain(SendQueue& queue, Sockets& sockets) {
  std::string got;
  while (!queue.empty()) {
    const ssize_t n = queue.write_to(sockets.ends[0].get());
    REQUIRE((n > 0 || errno == EAGAIN));
    if (n < 0) got += sockets.read();
  }
  for (std::string more; !(more = sockets.read()).empty();) got += more;
  return got;
}

SharedBytes shared(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }
}  // namespace

TEST_CASE("a queue counts what waits, and nothing is nothing") {
  SendQueue queue;
  CHECK(queue.empty());
  CHECK_FALSE(queue.push(Bytes{}));
  CHECK(queue.empty());
  CHECK(queue.push(to_bytes("four")));
  CHECK(queue.push(shared("fifth")));
  CHECK(queue.size() == 9);
  queue.clear();
  CHECK(queue.empty());
  CHECK(queue.size() == 0);
}

TEST_CASE("bytes that were sent already are left out") {
  SendQueue queue;
  Sockets sockets;
  CHECK(queue.push(shared("written here"), 8));
  CHECK_FALSE(queue.push(shared("all"), 3));
  CHECK(queue.size() == 4);
  CHECK(drain(queue, sockets) == "here");
}

TEST_CASE("what goes out is what was put in, however little the socket takes") {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    SendQueue queue;
    Sockets sockets;
    std::string put, got;
    for (int i = 0; i < 500; ++i) {
      const std::string piece(1 + random() % 700, static_cast<char>('a' + i % 26));
      if (i % 2 == 0) {
        queue.push(to_bytes(piece));
      } else {
        queue.push(shared(piece));
      }
      put += piece;
      if (random() % 3 == 0) queue.write_to(sockets.ends[0].get());
      if (random() % 5 == 0) got += sockets.read();
      REQUIRE(queue.empty() == (queue.size() == 0));
    }
    got += drain(queue, sockets);
    REQUIRE(got == put);
  }
}

TEST_CASE("a queue that is never empty does not grow with what has gone") {
  SendQueue queue;
  Sockets sockets;
  const SharedBytes line = shared(std::string(100, 'x'));
  std::string got;
  for (int i = 0; i < 300; ++i) queue.push(line);
  for (int i = 0; i < 10'000; ++i) {
    queue.push(line);
    Bytes one;
    REQUIRE(queue.take(100, one));
    REQUIRE(one == *line);
  }
  CHECK(queue.size() == 300 * 100);
  CHECK(line.use_count() == 301);  // those that went hold nothing
}

TEST_CASE("files and bytes take turns in order") {
  char name[] = "/tmp/send_queue_test.XXXXXX";
  auto file = std::make_shared<os::UniqueFd>(::mkstemp(name));
  ::unlink(name);
  REQUIRE(::write(file->get(), "0123456789", 10) == 10);
  const auto fill = [&](SendQueue& queue) {
    queue.push(to_bytes("head "));
    queue.push(net::FileRange{file, 2, 5});
    queue.push(shared(" middle "));
    queue.push(net::FileRange{file, 0, 1});
    queue.push(to_bytes(" tail"));
  };
  SendQueue written, taken;
  Sockets sockets;
  fill(written);
  CHECK(drain(written, sockets) == "head 23456 middle 0 tail");
  fill(taken);
  Bytes out;
  while (!taken.empty()) REQUIRE(taken.take(3, out));
  CHECK(as_text(out) == "head 23456 middle 0 tail");
}
