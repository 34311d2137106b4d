#include "os/wait.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace sluice::os {

bool readable_within(int fd, milliseconds most) {
  const Steady until = system_clock().steady() + most;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - system_clock().steady());
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max(left, milliseconds(0)).count()));
    if (ready >= 0 || errno != EINTR) return ready == 1;
  }
}

}  // namespace sluice::os
