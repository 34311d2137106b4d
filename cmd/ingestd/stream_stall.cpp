// Whether a stream that has a publisher is being written, and if not, why; and whether all of its tracks come.
#include <sys/statvfs.h>

#include <algorithm>

#include "describe.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "publisher.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr int stalled_after_parts = 6;
constexpr milliseconds stalled_after_at_least{3'000};  // a pipeline that died is back sooner
constexpr milliseconds first_part_within{10'000};
constexpr milliseconds silent_after{3'000};  // of a track: some have pauses
constexpr std::uint64_t no_part_below = 256 * 1024;  // bytes: not a part's worth

bool disk_full(const std::string& folder) {
  struct statvfs facts {};
  return ::statvfs(folder.c_str(), &facts) == 0 && static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize < no_part_below;
}
}  // namespace

std::optional<milliseconds> Stream::last_part_age() const {
  const auto shown = ledger_ ? ledger_->last_shown() : std::nullopt;
  if (!shown) return std::nullopt;
  return std::max(system_clock().wall() - *shown, milliseconds(0));
}

std::string Stream::stalled() const {
  if (!ledger_ || !publisher_ || !life_.open()) return {};
  // What was before this publisher came is not its pipeline's fault.
  const milliseconds here = system_clock().wall() - publisher_->since();
  const bool some_left_off = std::ranges::any_of(intake_.tracks(), [this](const auto& track) { return intake_.silence(track) >= stalled_after_at_least / 2; });
  const auto newest = some_left_off ? ledger_->newest_shown() : std::nullopt;
  const auto age = newest ? std::max(system_clock().wall() - *newest, milliseconds(0)) : last_part_age();
  const milliseconds parts = std::chrono::duration_cast<milliseconds>(ledger_->part_target().value_or(microseconds(0)) * stalled_after_parts);
  const milliseconds limit = age ? std::max(parts, stalled_after_at_least) : first_part_within;
  if (std::min(age.value_or(here), here) < limit) return {};
  if (disk_full(ledger_->directory())) return "the disk is full";
  const milliseconds silent = limit / 2;  // the last part was finished before the last packet came
  if (intake_.paused() || now() - publisher_->last_heard() >= silent) return "its publisher sends nothing";
  for (const media::PublisherTrack& track : intake_.tracks())
    if (track.at == 0u && intake_.silence(track) >= silent) return "its publisher sends no more of " + name_of(track);
  if ((!pipeline_ || !grown_) && !last_end_.empty()) return "its pipeline fails: " + last_end_;
  if (!pipeline_) return "no pipeline runs";
  if (now() - clock_moved_ >= silent) return "its publisher's clock stands still";
  return pipeline_->wants_more() ? "its pipeline writes nothing" : "its pipeline takes nothing";
}

std::optional<milliseconds> Stream::silent_for(const media::PublisherTrack& track) const {
  const auto silent = std::chrono::duration_cast<milliseconds>(intake_.silence(track));
  return publisher_ && life_.open() && silent >= silent_after ? std::optional(silent) : std::nullopt;
}

void Stream::look_for_silent_tracks() {
  std::set<std::string> silent;
  for (const media::PublisherTrack& track : intake_.tracks())
    if (silent_for(track)) silent.insert(name_of(track));
  for (const std::string& name : silent)
    if (!silent_.contains(name)) log::warn("nothing comes of a track, the others go on", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}, {"track", name}});
  for (const std::string& name : silent_)
    if (!silent.contains(name) && publisher_) log::info("a track goes on, or is missed no more", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}, {"track", name}});
  silent_ = std::move(silent);
}

void Stream::look_for_stall() {
  const std::string why = stalled();
  if (why.empty() == !stalled_) return;
  stalled_ = !why.empty();
  if (stalled_) {
    measures().stalled.Increment();
    log::error("the stream stands still", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}, {"why", why}});
  } else {
    measures().stalled.Decrement();
    if (publisher_ && life_.open()) log::info("the stream goes on", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}});
  }
}

}  // namespace sluice::ingestd
