#include "os/peek.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/unique_fd.hpp"

namespace sluice::os {

namespace {

constexpr int moment_ms = 5;  // a pipe with something in it cannot be waited for to have more

ssize_t peek_file(int fd, Bytes& into) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  return at < 0 ? -1 : ::pread(fd, into.data(), into.size(), at);
}

ssize_t peek_pipe(int fd, Bytes& into) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const UniqueFd out(ends[0]), in(ends[1]);
  const ssize_t copied = ::tee(fd, in.get(), into.size(), 0);
  return copied <= 0 ? copied : ::read(out.get(), into.data(), static_cast<std::size_t>(copied));
}

}  // namespace

Result<Bytes> peek(int fd, std::size_t least, std::size_t most, int stop) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return fail_errno("look at the input");
  const bool file = S_ISREG(about.st_mode), pipe = S_ISFIFO(about.st_mode), socket = S_ISSOCK(about.st_mode);
  if (!file && !pipe && !socket) return fail(Errc::invalid, "the input is neither a file nor a pipe nor a socket");
  Bytes bytes(most);
  for (std::size_t seen = 0;;) {
    pollfd wait[2] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return fail_errno("wait for input");
    }
    if (wait[1].revents != 0) {
      bytes.resize(seen);
      return bytes;
    }
    const ssize_t n = file ? peek_file(fd, bytes) : pipe ? peek_pipe(fd, bytes) : ::recv(fd, bytes.data(), most, MSG_PEEK);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return fail_errno("look at the input");
    const bool ended = n == 0 || file || (static_cast<std::size_t>(n) == seen && (wait[0].revents & (POLLHUP | POLLRDHUP)) != 0);
    seen = static_cast<std::size_t>(n);
    if (seen >= least || ended) {
      bytes.resize(seen);
      return bytes;
    }
    ::poll(nullptr, 0, moment_ms);
  }
}

}  // namespace sluice::os
