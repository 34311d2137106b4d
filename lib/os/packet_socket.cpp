#include "os/packet_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/file.hpp"
#include "os/spawn.hpp"

namespace sluice::os {

namespace {

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Errc::config, fmt::format("socket path {} is longer than {} bytes", path, sizeof address.sun_path - 1), "choose a shorter directory");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<UniqueFd> make_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("create a Unix socket");
  return fd;
}

// The other side is a process of the same user.
Result<> check_peer(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return fail_errno("ask who is at the other end of a Unix socket");
  if (peer.uid != ::geteuid())
    return fail(Errc::denied, fmt::format("process {} belongs to user {}", peer.pid, peer.uid), "run both processes as the same user");
  return {};
}

}  // namespace

Result<PacketSocket> PacketSocket::connect(const std::string& path, std::chrono::milliseconds patience) {
  SLUICE_TRY_VALUE(const sockaddr_un address, address_of(path));
  SLUICE_TRY_VALUE(UniqueFd fd, make_socket());
  PacketSocket connected(std::move(fd));
  SLUICE_TRY(connected.set_patience(patience));
  if (::connect(connected.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return fail(Errc::unavailable, fmt::format("nobody listens on {}", path));
    if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Errc::io, fmt::format("whoever listens on {} lets nobody in", path));
    return fail_errno("connect to " + path);
  }
  SLUICE_TRY(check_peer(connected.fd()));
  return connected;
}

Result<PacketSocket> PacketSocket::listen(const std::string& path) {
  SLUICE_TRY_VALUE(const sockaddr_un address, address_of(path));
  SLUICE_TRY_VALUE(UniqueFd fd, make_socket());
  ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail_errno("listen on " + path);
  ::chmod(path.c_str(), 0600);
  SLUICE_TRY(set_nonblocking(fd.get()));
  if (::listen(fd.get(), 4) != 0) return fail_errno("listen on " + path);
  return PacketSocket(std::move(fd));
}

Result<std::optional<PacketSocket>> PacketSocket::accept() const {
  UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR) return std::nullopt;
    return fail_errno("accept on a Unix socket");
  }
  SLUICE_TRY(check_peer(fd.get()));
  return PacketSocket(std::move(fd));
}

Result<> PacketSocket::set_patience(std::chrono::milliseconds patience) const {
  const timeval time{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0 ||
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) != 0)
    return fail_errno("set the patience of a Unix socket");
  return {};
}

Result<> PacketSocket::send(std::string_view text, std::span<const int> fds) const { return send_with(0, text, fds, nullptr); }
Result<> PacketSocket::try_send(std::string_view text, std::span<const int> fds, bool& full) const {
  return send_with(MSG_DONTWAIT, text, fds, &full);
}

Result<> PacketSocket::send_with(int flags, std::string_view text, std::span<const int> fds, bool* full) const {
  if (full != nullptr) *full = false;
  if (text.empty() || text.size() > longest || fds.size() > most_fds) return fail(Errc::internal, "a message between processes that none may send");
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(fd_.get(), &message, flags | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (full == nullptr) return fail(Errc::unavailable, "the other process takes no messages");
      *full = true;
      return {};
    }
    if (errno == EPIPE || errno == ECONNRESET) return fail(Errc::unavailable, "the other process has gone");
    return fail_errno("send to the other process");
  }
  return {};
}

Result<std::optional<PacketMessage>> PacketSocket::receive() const { return receive_with(0, nullptr); }
Result<std::optional<PacketMessage>> PacketSocket::try_receive(bool& empty) const { return receive_with(MSG_DONTWAIT, &empty); }

Result<std::optional<PacketMessage>> PacketSocket::receive_with(int flags, bool* empty) const {
  if (empty != nullptr) *empty = false;
  PacketMessage received;
  received.text.resize(longest);
  iovec part{received.text.data(), received.text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  while ((size = ::recvmsg(fd_.get(), &message, flags | MSG_CMSG_CLOEXEC)) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (empty == nullptr) return fail(Errc::unavailable, "the other process does not answer");
      *empty = true;
      return std::nullopt;
    }
    if (errno == ECONNRESET) continue;  // it closed without having read all that was sent; what it sent before is still here
    return fail_errno("receive from the other process");
  }
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
  if ((message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0)
    return fail(Errc::io, "a message from the other process was cut short", "raise the limit on open files (ulimit -n, LimitNOFILE=)");
  if (size == 0) return std::nullopt;
  received.text.resize(static_cast<std::size_t>(size));
  return received;
}

Result<MemoryFile> MemoryFile::make(std::string_view name) {
  UniqueFd fd(::memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("make a memory file");
  return MemoryFile(std::move(fd));
}

void MemoryFile::append(ByteView bytes) {
  if (written_) written_ = write_all(fd_.get(), bytes);
}

Result<UniqueFd> MemoryFile::seal() {
  SLUICE_TRY(written_);
  if (::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) return fail_errno("seal a memory file");
  return std::move(fd_);
}

Result<MappedBytes> map_memory_file(int fd) {
  // Without the seals another process could cut it under our feet (SIGBUS).
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_WRITE) == 0) return fail(Errc::invalid, "not a sealed memory file");
  struct stat about{};
  if (::fstat(fd, &about) != 0) return fail_errno("look at a memory file");
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return MappedBytes{};
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (at == MAP_FAILED) return fail_errno("map a memory file");
  std::shared_ptr<const void> owner(at, [size](void* mapped) { ::munmap(mapped, size); });
  return MappedBytes{std::move(owner), {static_cast<const std::byte*>(at), size}};
}

}  // namespace sluice::os
