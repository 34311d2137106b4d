#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <thread>

#include "os/peek.hpp"
#include "os/unique_fd.hpp"

using namespace sluice;

namespace {
std::string read_all(int fd) {
  std::string all;
  char buffer[100];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
  return all;
}
}  // namespace

TEST_CASE("what was peeked at a pipe, a socket and a file is read again") {
  int pipe[2], sockets[2];
  REQUIRE(::pipe(pipe) == 0);
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  char name[] = "/tmp/peek.XXXXXX";
  os::UniqueFd file(::mkstemp(name));
  ::unlink(name);
  for (const int to : {pipe[1], sockets[1], file.get()}) REQUIRE(::write(to, "--media", 7) == 7);
  ::close(pipe[1]);
  ::close(sockets[1]);
  REQUIRE(::lseek(file.get(), 2, SEEK_SET) == 2);
  for (const int from : {pipe[0], sockets[0]}) {
    const os::UniqueFd owner(from);
    CHECK(as_text(os::peek(from, 1, 4).value()) == "--me");
    CHECK(as_text(os::peek(from, 4000, 4096).value()) == "--media");  // it ends before
    CHECK(read_all(from) == "--media");
  }
  CHECK(as_text(os::peek(file.get(), 1, 4).value()) == "medi");
  CHECK(read_all(file.get()) == "media");
}

TEST_CASE("peek waits for as many bytes as are needed, and for the end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const os::UniqueFd from(ends[0]);
  REQUIRE(::write(ends[1], "a", 1) == 1);
  CHECK(as_text(os::peek(from.get(), 1, 9).value()) == "a");  // what there is, and it is not enough for the next:
  std::jthread writer([to = ends[1]] {
    for (const char* piece : {"b", "c"}) (void)!::write(to, piece, 1);
    ::close(to);
  });
  CHECK(as_text(os::peek(from.get(), 2, 2).value()) == "ab");
  CHECK(as_text(os::peek(from.get(), 9, 9).value()) == "abc");
  CHECK(read_all(from.get()) == "abc");
  CHECK(os::peek(from.get(), 1, 9).value().empty());
}

TEST_CASE("peek is told to wait no more") {
  const std::string there = GENERATE("", "a");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const os::UniqueFd from(ends[0]), to(ends[1]), stop(::eventfd(1, EFD_CLOEXEC));
  REQUIRE(::write(to.get(), there.data(), there.size()) == static_cast<ssize_t>(there.size()));
  CHECK(os::peek(from.get(), 2, 9, stop.get()).value().size() < 2);
}

TEST_CASE("a terminal or a device cannot be peeked at") {
  const os::UniqueFd device(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  CHECK(os::peek(device.get(), 1, 4).error().code == Errc::invalid);
  CHECK(os::peek(-1, 1, 4).error().code != Errc::invalid);
}
