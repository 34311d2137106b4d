// How a publisher's first run begins: when enough has come to know what there is, and with which packet.
#include <algorithm>
#include <utility>

#include "media/intake.hpp"

namespace sluice::media {

bool Intake::complete() const {
  unsigned video = 0, audio = 0;
  for (const PublisherTrack& track : tracks_)
    if (track.present()) ++(track.kind == Kind::video ? video : audio);
  const auto all = [](unsigned there, const std::optional<unsigned>& expected) {
    return there > 0 ? there >= expected.value_or(1) : expected == 0u;
  };
  return video + audio > 0 && all(video, video_expected_) && all(audio, audio_expected_);
}

// Segments, rungs and playlists are laid out by the frame rate; frames that wait can be counted.
bool Intake::rates_known() const {
  return std::ranges::all_of(tracks_, [this](const PublisherTrack& t) {
    return t.kind != Kind::video || !t.present() || t.track->frame_rate.num > 0 || t.counted.size() >= policy_.counted_frames;
  });
}

bool Intake::waited_enough(Steady now) const { return waiting_since_ && now >= *waiting_since_ + policy_.second_track; }

// Whether sound, and nothing else, has come for as long as a start waits: by the clock, or by the publisher's, which may have kept it back to
// send it in the order of its times, as muxers do.
bool Intake::sound_alone(Steady now) const {
  if (waiting_.empty() || std::ranges::any_of(waiting_, [](const Offered& p) { return p.kind == Kind::video; })) return false;
  const std::int64_t patience = policy_.second_track.count() * clock_.rate / 1000;
  return waited_enough(now) || ticks_between(clock_, waiting_.front().raw, waiting_.back().raw) >= patience;
}

// The stream starts without them; they join it as any track does that comes later.
void Intake::give_up_pictures() {
  for (PublisherTrack& track : tracks_)
    if (track.kind == Kind::video) track.away = true;
}

// Once: what is missing after that is a keyframe, and that comes with a packet.
std::optional<Steady> Intake::deadline() const {
  if (run_ || !waiting_since_ || ticked_) return std::nullopt;
  return *waiting_since_ + policy_.second_track;
}

void Intake::tick(Steady now) {
  if (run_ || ticked_ || !waited_enough(now)) return;
  ticked_ = true;
  if (sound_alone(now)) give_up_pictures();
  if (leading() != nullptr) start(now);
}

// The leading video's first keyframe, or the first sound where there is no video. When time is up, any video's.
std::deque<Offered>::const_iterator Intake::first_start(Steady now) const {
  const PublisherTrack* lead = leading();
  return std::ranges::find_if(waiting_, [&](const Offered& packet) {
    return lead->kind == Kind::audio || (packet.kind == Kind::video && packet.key && (packet.id == lead->id || waited_enough(now)));
  });
}

// The first run.
void Intake::start(Steady now) {
  const bool pictures = leading()->kind == Kind::video;
  const auto first = first_start(now);
  if (first == waiting_.end()) {
    if (waiting_bytes_ > policy_.waiting_bytes) {  // no keyframe within reason: begin again with what comes
      counts_.unusable += waiting_.size();
      waiting_.clear();
      waiting_bytes_ = 0;
    }
    return;
  }
  // Keyframes of other tracks may come before it, at the same time or a millisecond earlier.
  std::uint64_t begin = first->raw;
  for (const Offered& packet : waiting_) {
    const bool beside = pictures && packet.kind == Kind::video && packet.key && same_instant(clock_, packet.raw, first->raw);
    if (beside && ticks_between(clock_, packet.raw, begin) > 0) begin = packet.raw;
  }
  const auto start = static_cast<std::size_t>(first - waiting_.begin());
  open_run(begin);
  std::deque<Offered> held = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  // Sound that came before the picture it belongs to is kept; what came before it and is of an earlier time is of no use.
  for (std::size_t i = 0; i < held.size(); ++i) {
    Offered& packet = held[i];
    PublisherTrack& track = *find(packet.kind, packet.id);
    const bool before = packet.kind == Kind::video ? track.awaits_key : i < start;
    if (before && ticks_between(clock_, begin, packet.raw) < 0) {
      ++counts_.unusable;
      continue;
    }
    pass(track, packet, packet.came.value_or(now));
  }
}

}  // namespace sluice::media
