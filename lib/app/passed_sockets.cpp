#include "app/passed_sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"

namespace sluice::app {

std::multimap<std::string, os::UniqueFd> take_passed_sockets() {
  constexpr int first = 3;
  std::multimap<std::string, os::UniqueFd> sockets;
  const char* pid = std::getenv("LISTEN_PID");
  const char* count_text = std::getenv("LISTEN_FDS");
  const char* names_text = std::getenv("LISTEN_FDNAMES");
  const bool ours = pid && count_text && parse_number<pid_t>(pid) == ::getpid();
  const int count = ours ? parse_number<int>(count_text).value_or(0) : 0;
  const auto names = split(names_text ? names_text : "", ':');
  for (int i = 0; i < count; ++i) {
    ::fcntl(first + i, F_SETFD, FD_CLOEXEC);
    const std::string name(static_cast<std::size_t>(i) < names.size() ? names[i] : "");
    sockets.emplace(name, os::UniqueFd(first + i));
  }
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  return sockets;
}

}  // namespace sluice::app
