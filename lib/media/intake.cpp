#include "media/intake.hpp"

#include <algorithm>
#include <utility>

namespace sluice::media {

namespace {
constexpr std::size_t gops_remembered = 8;
// A first GOP that is still open says nothing of the interval before this.
constexpr std::int64_t telling_us = 3'000'000;
// Bytes of memory beside its data, near enough.
constexpr std::size_t cost_of_a_packet = 256;
constexpr std::int64_t sure_us = 1'000'000;  // of missing a track, while others go on: not just a clock that leapt

// VP9's configuration does not tell its picture's size.
bool same_configuration(const Track& a, const Track& b) {
  return a.codec == b.codec && a.config == b.config &&
         (a.codec != Codec::vp9 || (a.width == b.width && a.height == b.height));
}
}  // namespace

Intake::Intake(Retention& out, Policy policy, std::uint64_t first_run)
    : out_(out), policy_(policy), timeline_(policy.timeline), next_run_(first_run) {}

void Intake::begin(std::int64_t source_us, bool discontinuity, PublisherClock clock) {
  clock_ = clock;
  base_us_ = std::max(source_us, timeline_.reached());
  discontinuity_ = discontinuity;
  fresh_ = true;
  changed_ = divide_ = paused_ = false;
  run_.reset();
  keep_names();
  tracks_.clear();
  video_expected_.reset();
  audio_expected_.reset();
  waiting_since_.reset();
  ticked_ = ready_ = false;
  waiting_.clear();
  waiting_bytes_ = 0;
  last_key_us_.reset();
  gops_.clear();
}

void Intake::announce(unsigned video, unsigned audio) {
  video_expected_ = video;
  audio_expected_ = audio;
}

PublisherTrack* Intake::find(Kind kind, std::uint8_t id) {
  const auto found = std::ranges::find_if(tracks_, [&](const PublisherTrack& t) { return t.kind == kind && t.id == id; });
  return found == tracks_.end() ? nullptr : &*found;
}

// Of those that come, the first picture, or the first sound where there is no picture.
const PublisherTrack* Intake::leading() const {
  const auto found = std::ranges::find_if(tracks_, &PublisherTrack::present);
  return found == tracks_.end() ? nullptr : &*found;
}

const Track* Intake::video() const {
  const PublisherTrack* lead = leading();
  return lead != nullptr && lead->kind == Kind::video ? &*lead->track : nullptr;
}

const Track* Intake::audio() const {
  const auto found = std::ranges::find_if(tracks_, [](const PublisherTrack& t) { return t.kind == Kind::audio && t.present(); });
  return found == tracks_.end() ? nullptr : &*found->track;
}

bool Intake::configure(Track track, std::uint8_t id) {
  const Kind kind = track.kind();
  PublisherTrack* held = find(kind, id);
  if (held == nullptr) {
    if (tracks_.size() == policy_.most_tracks) {
      ++counts_.tracks_left_out;
      return false;
    }
    const auto place = std::ranges::find_if(tracks_, [&](const PublisherTrack& t) { return std::pair(t.kind, t.id) > std::pair(kind, id); });
    const std::size_t clock = clocks_.try_emplace({kind, id}, clocks_.size()).first->second;
    held = &*tracks_.insert(place, PublisherTrack{.kind = kind, .id = id, .clock = clock});
  }
  if (held->track && same_configuration(*held->track, track)) return true;
  if (kind == Kind::video) {
    track.timescale = video_timescale;
    if (track.frame_rate.num == 0 && held->track) track.frame_rate = held->track->frame_rate;
  } else {
    if (track.sample_rate == 0) track.sample_rate = 48'000;
    track.timescale = track.sample_rate;
    held->frame = 0;
  }
  held->track = std::move(track);
  changed_ = true;
  return true;
}

void Intake::leave(Kind kind, std::uint8_t id) {
  PublisherTrack* track = find(kind, id);
  const auto others = std::ranges::count_if(tracks_, [&](const PublisherTrack& t) { return t.kind == kind && t.present(); });
  if (track == nullptr || track->away || others < 2) return;
  track->away = true;
  changed_ = true;
}

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

void Intake::offer(Offered packet, Steady now) {
  PublisherTrack* track = find(packet.kind, packet.id);
  if (packet.data.empty() || track == nullptr || !track->track) {
    ++counts_.unusable;
    return;
  }
  if (std::exchange(track->away, false)) changed_ = true;
  if (track->kind == Kind::audio && track->frame == 0) track->frame = audio_frame_length(*track->track, packet.data);
  if (track->kind == Kind::video && track->track->frame_rate.num == 0) track->count(packet.raw, policy_.counted_frames);
  if (run_ && !paused_) return pass(*track, packet, now);
  if (!waiting_since_) waiting_since_ = now;
  const bool sound = packet.kind == Kind::audio, key = packet.key;
  waiting_bytes_ += packet.data.size() + cost_of_a_packet;
  waiting_.push_back(std::move(packet));
  if (paused_) return;
  const bool alone = sound_alone(now);
  if (alone) give_up_pictures();
  const bool starts = sound ? leading()->kind == Kind::audio : key;
  const bool late = alone || waited_enough(now), ready = late || (complete() && rates_known());
  const bool fresh = (ready && !ready_) || (late && !ticked_);
  ready_ = ready;
  ticked_ = late;
  // No other packet makes a difference.
  if (fresh || (ready && starts) || waiting_bytes_ > policy_.waiting_bytes) start(now);
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
  open_run(begin);
  std::deque<Offered> held = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  // Sound that came before the picture it belongs to is kept; pictures before their keyframe are of no use.
  for (Offered& packet : held) {
    PublisherTrack& track = *find(packet.kind, packet.id);
    if (packet.kind == Kind::video && track.awaits_key && ticks_between(clock_, begin, packet.raw) < 0) {
      ++counts_.unusable;
      continue;
    }
    pass(track, packet, now);
  }
}

void Intake::pause() {
  if (!run_) return;
  paused_ = true;
  waiting_since_.reset();
}

// The first that has come since the pause is the next one by its clock, and the tracks are what they were.
bool Intake::goes_on() const {
  const Offered& first = waiting_.front();
  const auto track = std::ranges::find_if(tracks_, [&](const PublisherTrack& t) { return t.kind == first.kind && t.id == first.id; });
  return track->at && timeline_.follows(track->clock, first.raw) && !differs();
}

bool Intake::can_resume(Steady now) {
  if (!paused_ || waiting_.empty()) return false;
  if (goes_on()) return true;
  if (sound_alone(now)) give_up_pictures();
  if (first_start(now) != waiting_.end()) return true;
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
  timeline_.shift(*later);
  for (PublisherTrack& track : tracks_) {
    track.reached_us += *later;
    track.missed_us.reset();
  }
  if (last_key_us_) *last_key_us_ += *later;
  run_ = std::move(run);
  divide_ = false;
  waiting_bytes_ = 0;
  for (Offered& packet : std::exchange(waiting_, {})) pass(*find(packet.kind, packet.id), packet, now);
  return true;
}

bool Intake::differs() const {
  return !std::ranges::all_of(tracks_, [this](const PublisherTrack& t) {
    return t.present() ? t.at && same_configuration(*t.track, run_->tracks[*t.at]) : !t.at;
  });
}

// Whether another run may begin with the packet: all its tracks have a keyframe there, if any instant has one of each.
bool Intake::opens(const PublisherTrack& track, const Offered& packet) const {
  const PublisherTrack* lead = leading();
  if (lead->kind == Kind::audio) return &track == lead;
  return track.kind == Kind::video && packet.key && (&track == lead || track.precedes);
}

void Intake::open_run(std::uint64_t raw) {
  auto run = std::make_shared<Run>();
  run->number = next_run_++;
  run->discontinuity = fresh_ && discontinuity_;
  run->start_us = fresh_ ? base_us_ : 0;
  if (fresh_) timeline_.begin(raw, base_us_, clock_);
  for (PublisherTrack& track : tracks_)
    if (track.present()) track.measure_rate(clock_);
  name_tracks();
  for (PublisherTrack& track : tracks_) {
    const bool goes_on = !fresh_ && run_ && track.at && track.present() && same_configuration(*track.track, run_->tracks[*track.at]);
    track.at.reset();
    if (!track.present()) continue;
    track.track->rendition = track.rendition;
    track.at = run->tracks.size();
    track.awaits_key = track.kind == Kind::video && !goes_on;
    track.reached_us = timeline_.reached();
    track.missed_us.reset();
    run->tracks.push_back(*track.track);
    if (track.kind == Kind::audio && track.frame == 0) track.frame = audio_frame_length(*track.track, {});
    timeline_.set_track(track.clock, track.kind, track.track->timescale, track.frame);
  }
  run_ = std::move(run);
  if (!run_->has_video()) last_key_us_.reset();
  changed_ = divide_ = false;
  fresh_ = false;
}

void Intake::pass(PublisherTrack& track, Offered& offered, Steady now) {
  const bool is_video = offered.kind == Kind::video;
  if (changed_ && opens(track, offered)) {
    if (divide_ || differs()) open_run(offered.raw);
    changed_ = false;
  }
  // A new configuration waits for its keyframe: until then packets of that track cannot be decoded by the run's.
  const bool known = track.at && same_configuration(*track.track, run_->tracks[*track.at]);
  if (!known || (track.awaits_key && !offered.key)) {
    ++counts_.unusable;
    return;
  }
  const auto stamp = timeline_.stamp(track.clock, offered.raw, offered.composition, now, offered.nanoseconds);
  if (!stamp) {
    ++counts_.unusable;
    return;
  }
  track.awaits_key = false;
  if (stamp->repaired) ++counts_.repairs;
  const std::int64_t dts_us = rescale(stamp->dts, run_->tracks[*track.at].timescale, 1'000'000);
  if (is_video && offered.key) note_keyframe(track, offered, dts_us);
  miss_others(track, dts_us);
  track.reached_us = dts_us;
  track.missed_us.reset();
  ++counts_.packets;
  if (is_video && *track.at == 0) ++counts_.pictures;
  counts_.bytes += offered.data.size();
  out_.add(run_, Packet{.track = *track.at,
                        .pts = stamp->pts,
                        .dts = stamp->dts,
                        .duration = stamp->duration,
                        .key = !is_video || offered.key,
                        .owner = std::move(offered.owner),
                        .data = offered.data});
}

// One of several of its kind that sends nothing while this one goes on has gone away; so have pictures that sound goes on without.
void Intake::miss_others(const PublisherTrack& track, std::int64_t dts_us) {
  for (PublisherTrack& other : tracks_) {
    if (&other == &track || !other.at || other.away || (other.kind == Kind::audio && track.kind == Kind::video)) continue;
    const microseconds patience = other.kind == track.kind ? policy_.gone : policy_.picture_gone;
    if (dts_us - other.reached_us <= patience.count()) continue;
    if (!other.missed_us) other.missed_us = dts_us;
    if (dts_us - *other.missed_us < sure_us) continue;
    other.away = true;
    changed_ = true;
  }
}

void Intake::note_keyframe(PublisherTrack& track, const Offered& key, std::int64_t dts_us) {
  const std::uint64_t presented = key.raw + static_cast<std::uint64_t>(key.composition);
  if (&track == leading()) {
    for (PublisherTrack& other : tracks_)
      if (&other != &track && other.kind == Kind::video && other.at) other.compare_keys(track, key.raw, presented, clock_);
    if (last_key_us_) gops_.push_back(dts_us - *last_key_us_);
    if (gops_.size() > gops_remembered) gops_.pop_front();
    last_key_us_ = dts_us;
  }
  track.note_key(key.raw, presented);
}

microseconds Intake::keyframe_interval() const {
  const std::int64_t longest = gops_.empty() ? 0 : *std::max_element(gops_.begin(), gops_.end());
  const PublisherTrack* lead = leading();
  const std::int64_t open = lead != nullptr && last_key_us_ ? lead->reached_us - *last_key_us_ : 0;
  return microseconds(gops_.empty() && open < telling_us ? 0 : std::max(longest, open));
}

}  // namespace sluice::media
