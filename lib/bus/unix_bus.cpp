#include "bus/unix_bus.hpp"

#include <algorithm>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace sluice::bus {

namespace {
constexpr std::string_view word = "events ";
constexpr std::string_view suffix = ".sock";

// Sockets are named through the open directory, as a path of any length would not fit into sun_path's 108
// bytes.
sockaddr_un address_of(int directory, std::string_view name) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::string path = fmt::format("/proc/self/fd/{}/{}", directory, name);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A datagram socket has no peer for SO_PEERCRED to tell of: the kernel stamps each datagram with its sender
// instead.
bool from_one_of_us(msghdr& message) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender;
    std::memcpy(&sender, CMSG_DATA(item), sizeof sender);
    return sender.uid == ::geteuid() || sender.uid == 0;
  }
  return false;
}

class UnixSubscription final : public Subscription {
 public:
  UnixSubscription(net::Loop& loop, os::UniqueFd socket, os::UniqueFd directory, std::string name,
                   std::function<void(store::Cursor)> nudged)
      : socket_(std::move(socket)),
        directory_(std::move(directory)),
        name_(std::move(name)),
        nudged_(std::move(nudged)),
        watch_(loop, socket_.get()) {
    watch_.on_readable([this] { receive(); });
  }
  ~UnixSubscription() override { ::unlinkat(directory_.get(), name_.c_str(), 0); }

 private:
  void receive() {
    store::Cursor greatest;
    for (;;) {
      char text[64];
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
      iovec part{text, sizeof text};
      msghdr message{
          .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
      ssize_t size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) break;
      if (!from_one_of_us(message)) continue;
      if (auto cursor = parse_nudge({text, static_cast<std::size_t>(size)}))
        greatest = std::max(greatest, *cursor);
    }
    if (greatest == store::Cursor()) return;
    auto nudged = nudged_;  // the call may end the subscription
    nudged(greatest);
  }

  os::UniqueFd socket_, directory_;
  std::string name_;
  std::function<void(store::Cursor)> nudged_;
  net::FdWatch watch_;
};
}  // namespace

std::string nudge_text(store::Cursor up_to) {
  return fmt::format("{}{}\n", word, up_to.value());
}

std::optional<store::Cursor> parse_nudge(std::string_view datagram) {
  if (!datagram.starts_with(word) || !datagram.ends_with('\n')) return std::nullopt;
  datagram.remove_prefix(word.size());
  datagram.remove_suffix(1);
  auto number = parse_number<std::int64_t>(datagram);
  if (!number || *number <= 0) return std::nullopt;
  return store::Cursor(*number);
}

Result<std::unique_ptr<Bus>> UnixBus::open(const std::string& path) {
  SLUICE_TRY(os::make_directories(path, 0700));
  SLUICE_TRY_VALUE(os::UniqueFd directory, os::open_file(path, O_RDONLY | O_DIRECTORY));
  struct stat status;
  if (::fstat(directory.get(), &status) != 0) return fail_errno("look at " + path);
  if (status.st_uid != ::geteuid() && ::geteuid() != 0)
    return fail(Errc::denied, path + " belongs to another user", "run as the user that runs the platform");
  if ((status.st_mode & 077) != 0 && ::fchmod(directory.get(), 0700) != 0)
    return fail_errno("chmod 0700 " + path);
  os::UniqueFd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!sender) return fail_errno("make a datagram socket");
  return std::make_unique<UnixBus>(std::move(directory), std::move(sender));
}

void UnixBus::nudge(store::Cursor up_to) {
  int listing = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* entries = listing < 0 ? nullptr : ::fdopendir(listing);
  if (!entries) {
    if (listing >= 0) ::close(listing);
    return;
  }
  const std::string text = nudge_text(up_to);
  while (const dirent* entry = ::readdir(entries)) {
    std::string_view name = entry->d_name;
    if (name.starts_with('.') || !name.ends_with(suffix)) continue;
    sockaddr_un to = address_of(directory_.get(), name);
    ssize_t sent = ::sendto(sender_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL, generic(to),
                            sizeof to);
    // Nobody holds this socket any more, and nobody will: names are random.
    if (sent < 0 && errno == ECONNREFUSED) ::unlinkat(directory_.get(), entry->d_name, 0);
  }
  ::closedir(entries);
}

Result<std::unique_ptr<Subscription>> UnixBus::subscribe(net::Loop& loop,
                                                         std::function<void(store::Cursor)> nudged) {
  os::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("make a datagram socket");
  const int yes = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0)
    return fail_errno("set SO_PASSCRED");
  os::UniqueFd directory(::fcntl(directory_.get(), F_DUPFD_CLOEXEC, 0));
  if (!directory) return fail_errno("duplicate a descriptor");

  // Bound under a hidden name first: a writer that met the file before the socket listens would take it for a
  // dead one.
  std::string name = fmt::format("{}-{}{}", ::getpid(), random_token(system_random(), 80), suffix),
              hidden = "." + name;
  sockaddr_un address = address_of(directory.get(), hidden);
  if (::bind(socket.get(), generic(address), sizeof address) != 0)
    return fail_errno("bind a socket of the bus");
  if (::renameat(directory.get(), hidden.c_str(), directory.get(), name.c_str()) != 0)
    return fail_errno("name a socket of the bus");
  return std::make_unique<UnixSubscription>(loop, std::move(socket), std::move(directory), std::move(name),
                                            std::move(nudged));
}

}  // namespace sluice::bus
