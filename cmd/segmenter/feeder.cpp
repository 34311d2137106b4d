#include "feeder.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "os/wait.hpp"

namespace sluice::segmenter {

namespace {
// A killed process closes its pipes a moment before it counts as ended; on a loaded machine the moment is longer than 50 ms.
constexpr milliseconds moment{250};
}  // namespace

Feeder::Feeder(const app::Settings& settings, std::string directory)
    : directory_(std::move(directory)), fed_(settings.flag("fed")) {
  if (settings.has("feeder"))
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(settings.integer("feeder")), 0)));
}

bool Feeder::ended() const { return !fed_ || std::filesystem::exists(directory_ + "/end"); }

bool Feeder::feeds_again() const {
  if (!fed_ || !process_ || ended() || std::filesystem::exists(directory_ + "/pause")) return false;
  return !os::readable_within(process_.get(), moment);
}

}  // namespace sluice::segmenter
