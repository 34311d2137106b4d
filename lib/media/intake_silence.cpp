// A publisher that is connected and has been silent: whether what comes then is the next of what was there before, or another beginning.
#include <algorithm>
#include <utility>

#include "media/intake.hpp"

namespace sluice::media {

void Intake::pause() {
  if (!run_) return;
  paused_ = true;
  waiting_since_.reset();
}

// The first that has come of a track since the pause is the next one by its clock, and the tracks are what they were. Another track's clock
// may have counted the pause: that is a leap of its own.
bool Intake::goes_on() const {
  if (differs()) return false;
  return std::ranges::any_of(tracks_, [this](const PublisherTrack& track) {
    const Offered* first = first_waiting(track);
    return first != nullptr && track.at && timeline_.follows(track.clock, first->raw);
  });
}

const Offered* Intake::first_waiting(const PublisherTrack& track) const {
  const auto found = std::ranges::find_if(waiting_, [&](const Offered& packet) { return packet.kind == track.kind && packet.id == track.id; });
  return found == waiting_.end() ? nullptr : &*found;
}

bool Intake::can_resume(Steady now) {
  if (!paused_ || waiting_.empty()) return false;
  if (goes_on()) return true;
  // Another track may tell yet that it does.
  const bool all = std::ranges::all_of(tracks_, [this](const PublisherTrack& track) { return !track.at || first_waiting(track) != nullptr; });
  if (all || now - *waiting_since_ >= policy_.resumption) {
    if (sound_alone(now)) give_up_pictures();
    if (first_start(now) != waiting_.end()) return true;
  }
  if (waiting_bytes_ > policy_.waiting_bytes) {
    counts_.unusable += waiting_.size();
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  return false;
}

void Intake::resume(std::int64_t source_us, Steady now) {
  paused_ = false;
  base_us_ = std::max(source_us, timeline_.reached());
  if (goes_on() && go_on_again(now)) return;
  for (PublisherTrack& track : tracks_) track.at.reset();
  run_.reset();
  fresh_ = discontinuity_ = true;
  changed_ = divide_ = false;
  last_key_us_.reset();
  start(now);
}

bool Intake::go_on_again(Steady now) {
  auto run = std::make_shared<Run>(*run_);
  run->number = next_run_++;
  run->discontinuity = true;
  run->start_us = base_us_;
  const auto later = run->has_video() ? out_.repeat(run, base_us_) : base_us_ - timeline_.reached();
  if (!later) return false;
  timeline_.shift(*later, now);
  for (PublisherTrack& track : tracks_) {
    track.reached_us += *later;
    if (track.came_us) *track.came_us += *later;
    track.missed_us.reset();
  }
  if (last_key_us_) *last_key_us_ += *later;
  run_ = std::move(run);
  divide_ = false;
  waiting_bytes_ = 0;
  for (Offered& packet : std::exchange(waiting_, {})) pass(*find(packet.kind, packet.id), packet, now);
  return true;
}

}  // namespace sluice::media
