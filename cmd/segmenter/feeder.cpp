#include "feeder.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "base/text.hpp"
#include "os/file.hpp"
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

// A source that was left off when its input had ended goes on in another writer.
bool Feeder::ended() const {
  if (!fed_) return true;
  const auto pause = paused();
  std::error_code unknown;
  return std::filesystem::exists(directory_ + "/end", unknown) && !(pause && pause->next);
}

std::optional<hls::Pause> Feeder::paused() const {
  if (!fed_) return std::nullopt;
  const auto text = os::read_file(directory_ + "/pause");
  if (!text) return std::nullopt;
  hls::Pause pause;
  std::istringstream line(*text);
  for (std::optional<microseconds>* time : {&pause.next, &pause.picture, &pause.sound}) {
    std::string word;
    line >> word;
    if (const auto number = parse_number<std::int64_t>(word)) *time = microseconds(*number);
  }
  return pause;
}

bool Feeder::feeds_again(bool whole) const {
  if (!fed_ || !process_ || (whole && (ended() || paused()))) return false;
  return !os::readable_within(process_.get(), moment);
}

}  // namespace sluice::segmenter
