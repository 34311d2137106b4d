#include "media/intake.hpp"

#include <algorithm>
#include <utility>

namespace sluice::media {

namespace {
constexpr std::size_t gops_remembered = 8;
// A first GOP that is still open says nothing of the interval before this.
constexpr std::int64_t telling_us = 3'000'000;
// No encoder leaves pictures out for so long while it catches up.
constexpr std::int64_t no_mishap_us = 10'000'000;
// Bytes of memory beside its data, near enough.
constexpr std::size_t cost_of_a_packet = 256;
constexpr std::int64_t sure_us = 1'000'000;  // of missing a track, while others go on: not just a clock that leapt

// VP9's configuration does not tell its picture's size.
bool same_configuration(const Track& a, const Track& b) {
  return a.codec == b.codec && a.config == b.config &&
         (a.codec != Codec::vp9 || (a.width == b.width && a.height == b.height));
}

// Ticks that a packet lasts; 0 where nothing tells.
std::uint32_t packet_length(const PublisherTrack& track) {
  const auto [num, den] = track.track->frame_rate;
  if (track.kind == Kind::audio || num <= 0) return track.frame;
  return static_cast<std::uint32_t>(rescale(den, num, track.track->timescale));
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
  go_away(*track);
  track->came_us.reset();
}

microseconds Intake::silence(const PublisherTrack& track) const {
  if (!run_ || paused_ || (!track.at && !(track.away && track.came_us))) return microseconds(0);
  return microseconds(std::max<std::int64_t>(timeline_.reached() - track.came_us.value_or(track.reached_us), 0));
}

// Another leads from its next keyframe on, and intervals are counted from there.
void Intake::go_away(PublisherTrack& track) {
  if (&track == leading()) last_key_us_.reset();
  track.away = true;
  changed_ = true;
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
  packet.came = now;
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
    if (fresh_) track.came_us.reset();
    run->tracks.push_back(*track.track);
    if (track.kind == Kind::audio && track.frame == 0) track.frame = audio_frame_length(*track.track, {});
    timeline_.set_track(track.clock, track.kind, track.track->timescale, packet_length(track));
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
  track.came_us = dts_us;
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
    go_away(other);
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

// How long it is so far; 0: there is none.
std::int64_t Intake::open_gop() const {
  const PublisherTrack* lead = leading();
  return lead != nullptr && last_key_us_ ? lead->reached_us - *last_key_us_ : 0;
}

microseconds Intake::keyframe_interval() const {
  const std::int64_t longest = gops_.empty() ? 0 : *std::max_element(gops_.begin(), gops_.end());
  const std::int64_t open = open_gop();
  return microseconds(gops_.empty() && open < telling_us ? 0 : std::max(longest, open));
}

bool Intake::often_over(microseconds length) const {
  if (keyframe_interval().count() > std::max(no_mishap_us, length.count())) return true;
  const auto whole = std::ranges::count_if(gops_, [&](std::int64_t gop) { return gop > length.count(); });
  return whole + (open_gop() > length.count() ? 1 : 0) > 1;
}

bool Intake::keyframe_due() const {
  const std::int64_t interval = keyframe_interval().count();
  return interval > 0 && std::ranges::find(gops_, interval) == gops_.end();
}

}  // namespace sluice::media
