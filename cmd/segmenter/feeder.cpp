#include "feeder.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

namespace sluice::segmenter {

namespace {
// A killed process closes its pipes a moment before it counts as ended; on a loaded machine the moment is longer than 50 ms.
constexpr int moment_ms = 250;
}  // namespace

Feeder::Feeder(const app::Settings& settings, std::string directory)
    : directory_(std::move(directory)), fed_(settings.flag("fed")) {
  if (settings.has("feeder"))
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(settings.integer("feeder")), 0)));
}

bool Feeder::ended() const { return !fed_ || std::filesystem::exists(directory_ + "/end"); }

bool Feeder::feeds_again() const {
  if (!fed_ || !process_ || ended() || std::filesystem::exists(directory_ + "/pause")) return false;
  pollfd gone{process_.get(), POLLIN, 0};
  return ::poll(&gone, 1, moment_ms) == 0;
}

}  // namespace sluice::segmenter
