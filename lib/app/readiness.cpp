#include "app/readiness.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "log/log.hpp"
#include "os/unique_fd.hpp"

namespace sluice::app {

void notify_systemd(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (!path || !*path || std::strlen(path) >= sizeof to.sun_path) return;
  const std::size_t size = std::strlen(path);
  std::memcpy(to.sun_path, path, size);
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // an abstract socket
  const os::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&to),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

void write_ready_fd(int fd) {
  if (::write(fd, "\n", 1) != 1) log::warn("nobody reads --ready-fd", {{"fd", fd}});
  ::close(fd);
}

}  // namespace sluice::app
