#include "os/packet_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "os/spawn.hpp"

using namespace sluice;
using namespace sluice::os;
using namespace std::chrono_literals;

namespace {
struct Ends {
  std::string path = (std::filesystem::temp_directory_path() / ("sluice-packet-" + std::to_string(::getpid()))).string();
  PacketSocket listening, one, other;
  Ends() {
    listening = PacketSocket::listen(path).value();
    one = PacketSocket::connect(path).value();
    other = *std::move(listening.accept().value());
  }
  ~Ends() { ::unlink(path.c_str()); }
};
}  // namespace

TEST_CASE("messages arrive whole, with their descriptors") {
  Ends ends;
  struct stat about{};
  REQUIRE(::stat(ends.path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK_FALSE(ends.listening.accept().value());

  Pipe pipe = make_pipe().value();
  const int write = pipe.write.get();
  REQUIRE(ends.one.send("first", std::span(&write, 1)));
  REQUIRE(ends.one.send("second"));
  auto first = ends.other.receive();
  REQUIRE(first);
  REQUIRE(*first);
  CHECK((*first)->text == "first");
  REQUIRE((*first)->fds.size() == 1);
  CHECK((::fcntl((*first)->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(::write((*first)->fds[0].get(), "x", 1) == 1);
  char read = 0;
  CHECK(::read(pipe.read.get(), &read, 1) == 1);
  CHECK(read == 'x');
  CHECK(ends.other.receive().value()->text == "second");

  bool empty = false;
  CHECK_FALSE(ends.other.try_receive(empty).value());
  CHECK(empty);
  ends.one = PacketSocket();
  CHECK_FALSE(ends.other.try_receive(empty).value());
  CHECK_FALSE(empty);
  CHECK(ends.other.send("too late").error().code == Errc::unavailable);
}

TEST_CASE("who waits too long is told") {
  Ends ends;
  REQUIRE(ends.one.set_patience(20ms));
  CHECK(ends.one.receive().error().code == Errc::unavailable);
  std::string big(60'000, 'a');
  Result<> sent;
  for (int i = 0; i < 1000 && sent; ++i) sent = ends.one.send(big);
  CHECK(sent.error().code == Errc::unavailable);
  CHECK(PacketSocket::connect(ends.path + "-none").error().code == Errc::unavailable);
}

TEST_CASE("a memory file holds what was written, and nothing else passes for one") {
  const auto fd = make_memory_file("state", as_bytes("content"));
  REQUIRE(fd);
  std::optional<MappedBytes> mapped = map_memory_file(fd->get()).value();
  CHECK(as_text(mapped->bytes) == "content");
  CHECK(::write(fd->get(), "x", 1) < 0);
  CHECK(map_memory_file(make_memory_file("none", {})->get())->bytes.empty());
  const Pipe pipe = make_pipe().value();
  CHECK(map_memory_file(pipe.read.get()).error().code == Errc::invalid);
}
