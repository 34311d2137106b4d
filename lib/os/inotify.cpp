#include "os/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <cstring>

namespace sluice::os {

Result<Inotify> Inotify::open() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return fail_errno("inotify", "raise fs.inotify.max_user_instances");
  return Inotify(std::move(fd));
}

Result<int> Inotify::watch(const std::string& path, std::uint32_t mask) {
  const int number = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
  if (number < 0) return fail_errno("watch " + path);
  return number;
}

void Inotify::unwatch(int number) { ::inotify_rm_watch(fd_.get(), number); }

void Inotify::read(const std::function<void(int, std::uint32_t, const std::string&)>& event) {
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
    if (n <= 0) return;
    for (ssize_t at = 0; at < n;) {
      inotify_event head;
      std::memcpy(&head, buffer + at, sizeof head);
      const char* name = buffer + at + sizeof head;
      event(head.wd, head.mask, head.len > 0 ? std::string(name) : std::string());
      at += static_cast<ssize_t>(sizeof head + head.len);
    }
  }
}

}  // namespace sluice::os
