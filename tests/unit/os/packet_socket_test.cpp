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
    one = PacketSocket::connect(path, 60s).value();
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
  CHECK(PacketSocket::connect(ends.path + "-none", 20ms).error().code == Errc::unavailable);
}

TEST_CASE("what does not wait says that the other has not read") {
  Ends ends;
  const std::string big(60'000, 'a');
  bool full = false;
  std::size_t sent = 0;
  for (; !full && sent < 1000; ++sent) REQUIRE(ends.one.try_send(big, {}, full));
  REQUIRE(full);
  for (std::size_t i = 1; i < sent; ++i) REQUIRE(ends.other.receive().value()->text == big);
  bool empty = false;
  CHECK_FALSE(ends.other.try_receive(empty).value());
  CHECK(empty);
  REQUIRE(ends.one.try_send("again", {}, full));
  CHECK_FALSE(full);
  CHECK(ends.other.receive().value()->text == "again");
}

TEST_CASE("a listener that lets nobody in is waited for no longer than the patience") {
  Ends ends;
  std::vector<PacketSocket> waiting;
  Result<PacketSocket> last = fail(Errc::internal, "");
  for (int i = 0; i < 20 && (last = PacketSocket::connect(ends.path, 20ms)); ++i) waiting.push_back(*std::move(last));
  REQUIRE_FALSE(last);
  CHECK(last.error().code == Errc::io);
  CHECK(last.error().what.find("lets nobody in") != std::string::npos);
}

TEST_CASE("a memory file holds what was written, and nothing else passes for one") {
  MemoryFile file = MemoryFile::make("state").value();
  file.append(as_bytes("con"));
  file.append(as_bytes("tent"));
  const auto fd = file.seal();
  REQUIRE(fd);
  std::optional<MappedBytes> mapped = map_memory_file(fd->get()).value();
  CHECK(as_text(mapped->bytes) == "content");
  CHECK(::write(fd->get(), "x", 1) < 0);
  CHECK(map_memory_file(MemoryFile::make("none").value().seal()->get())->bytes.empty());
  const Pipe pipe = make_pipe().value();
  CHECK(map_memory_file(pipe.read.get()).error().code == Errc::invalid);
}

TEST_CASE("what a process sent before it closed is received, though it had not read all") {
  Ends ends;
  REQUIRE(ends.one.send("unread"));
  REQUIRE(ends.other.send("first"));
  REQUIRE(ends.other.send("last"));
  ends.other = PacketSocket();
  CHECK(ends.one.receive().value()->text == "first");
  CHECK(ends.one.receive().value()->text == "last");
  CHECK_FALSE(ends.one.receive().value());
}
