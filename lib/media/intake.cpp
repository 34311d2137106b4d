#include "media/intake.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sluice::media {

namespace {
constexpr std::size_t video_clock = 0, audio_clock = 1;  // the timeline's tracks
constexpr std::size_t gops_remembered = 8;

bool same_configuration(const std::optional<Track>& a, const Track& b) {
  return a && a->codec == b.codec && a->config == b.config;
}
}  // namespace

Intake::Intake(Retention& out, Policy policy, std::uint64_t first_run)
    : out_(out), policy_(policy), timeline_(policy.timeline), next_run_(first_run) {}

void Intake::begin(std::int64_t source_us, bool discontinuity, PublisherClock clock) {
  clock_ = clock;
  base_us_ = std::max(source_us, timeline_.reached());
  discontinuity_ = discontinuity;
  fresh_ = true;
  changed_ = false;
  run_.reset();
  video_.reset();
  audio_.reset();
  video_expected_.reset();
  audio_expected_.reset();
  waiting_since_.reset();
  waiting_.clear();
  waiting_bytes_ = 0;
  last_key_us_.reset();
  gops_.clear();
}

void Intake::announce(bool video, bool audio) {
  video_expected_ = video;
  audio_expected_ = audio;
}

void Intake::configure(Track track) {
  std::optional<Track>& held = track.kind() == Kind::video ? video_ : audio_;
  if (same_configuration(held, track)) return;
  if (track.kind() == Kind::video) {
    track.rendition = "source";
    track.timescale = video_timescale;
  } else {
    track.rendition = "audio";
    if (track.sample_rate == 0) track.sample_rate = 48'000;
    track.timescale = track.sample_rate;
  }
  held = std::move(track);
  changed_ = true;
}

bool Intake::complete() const {
  if (video_ && audio_) return true;
  if (video_) return audio_expected_ == false;
  if (audio_) return video_expected_ == false;
  return false;
}

// Segments, rungs and playlists are laid out by the frame rate; frames that wait can be counted.
bool Intake::rate_known() const {
  if (!video_ || video_->frame_rate.num > 0) return true;
  const auto frames = std::count_if(waiting_.begin(), waiting_.end(), [](const Offered& p) { return p.kind == Kind::video; });
  return static_cast<std::size_t>(frames) >= policy_.counted_frames;
}

// From the decode times of the frames that wait, to the nearest rate that cameras have.
void Intake::measure_rate() {
  if (!video_ || video_->frame_rate.num > 0) return;
  const std::uint64_t wrap = std::uint64_t{1} << clock_.bits, second = static_cast<std::uint64_t>(clock_.rate);
  std::vector<std::uint64_t> steps;
  std::optional<std::uint64_t> last;
  for (const Offered& packet : waiting_) {
    if (packet.kind != Kind::video) continue;
    if (last)
      if (const std::uint64_t step = (packet.raw - *last) % wrap; step > 0 && step < second) steps.push_back(step);
    last = packet.raw;
  }
  if (steps.size() < 2) return;
  const double fps = static_cast<double>(clock_.rate) * static_cast<double>(steps.size()) / std::accumulate(steps.begin(), steps.end(), 0.0);
  constexpr double near = 0.03;  // milliseconds are coarse
  for (const std::int64_t usual : {30, 60, 25, 50, 24, 15, 20, 10, 12, 5, 48, 120}) {
    if (std::abs(fps / static_cast<double>(usual) - 1) > near) continue;
    video_->frame_rate = {usual, 1};
    return;
  }
  video_->frame_rate = {std::max<std::int64_t>(1, std::llround(fps)), 1};
}

std::optional<Steady> Intake::deadline() const {
  if (run_ || !waiting_since_) return std::nullopt;
  return *waiting_since_ + policy_.second_track;
}

void Intake::tick(Steady now) {
  if (!run_ && waiting_since_ && now >= *deadline() && (video_ || audio_)) start(now);
}

void Intake::offer(Offered packet, Steady now) {
  const bool is_video = packet.kind == Kind::video;
  if (packet.data.empty() || !(is_video ? video_ : audio_)) {
    ++counts_.unusable;
    return;
  }
  if (run_) return pass(packet, now);
  if (!waiting_since_) waiting_since_ = now;
  waiting_bytes_ += packet.data.size();
  waiting_.push_back(std::move(packet));
  if ((complete() && rate_known()) || now >= *deadline() || waiting_bytes_ > policy_.waiting_bytes) start(now);
}

// The first run: from the first video keyframe, or from the first sound where there is no video.
void Intake::start(Steady now) {
  const auto first = std::find_if(waiting_.begin(), waiting_.end(), [this](const Offered& packet) {
    return video_ ? packet.kind == Kind::video && packet.key : true;
  });
  if (first == waiting_.end()) {
    if (waiting_bytes_ > policy_.waiting_bytes) {  // no keyframe within reason: begin again with what comes
      counts_.unusable += waiting_.size();
      waiting_.clear();
      waiting_bytes_ = 0;
    }
    return;
  }
  measure_rate();
  // Sound that came before the picture it belongs to is kept; pictures before the keyframe are of no use.
  const auto sound = std::find_if(waiting_.begin(), waiting_.end(), [](const Offered& p) { return p.kind == Kind::audio; });
  open_run(first->raw, sound == waiting_.end() ? 0 : audio_frame_length(*audio_, sound->data));
  std::deque<Offered> held = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  bool before_key = video_.has_value();
  for (Offered& packet : held) {
    if (packet.kind == Kind::video && packet.key) before_key = false;
    if (packet.kind == Kind::video && before_key) {
      ++counts_.unusable;
      continue;
    }
    pass(packet, now);
  }
}

void Intake::open_run(std::uint64_t raw, std::uint32_t audio_frame) {
  auto run = std::make_shared<Run>();
  run->number = next_run_++;
  run->discontinuity = fresh_ && discontinuity_;
  run->start_us = fresh_ ? base_us_ : 0;
  if (video_) run->tracks.push_back(*video_);
  if (audio_) run->tracks.push_back(*audio_);
  run_ = std::move(run);
  changed_ = false;
  if (fresh_) timeline_.begin(raw, base_us_, clock_);
  fresh_ = false;
  if (video_) timeline_.set_track(video_clock, Kind::video, video_->timescale, 0);
  if (audio_) timeline_.set_track(audio_clock, Kind::audio, audio_->timescale, audio_frame);
}

void Intake::pass(Offered& offered, Steady now) {
  const bool is_video = offered.kind == Kind::video;
  if (changed_ && (video_ ? is_video && offered.key : !is_video))
    open_run(offered.raw, audio_ ? audio_frame_length(*audio_, is_video ? ByteView{} : offered.data) : 0);
  const std::size_t track = is_video || !run_->has_video() ? 0 : 1;
  const std::optional<Track>& wanted = is_video ? video_ : audio_;
  // A new configuration waits for its keyframe: until then packets of that track cannot be decoded by the run's.
  if (track >= run_->tracks.size() || !same_configuration(wanted, run_->tracks[track])) {
    ++counts_.unusable;
    return;
  }
  const auto stamp = timeline_.stamp(is_video ? video_clock : audio_clock, offered.raw, offered.composition, now);
  if (!stamp) {
    ++counts_.unusable;
    return;
  }
  if (stamp->repaired) ++counts_.repairs;
  if (is_video && offered.key) note_keyframe(rescale(stamp->dts, video_timescale, 1'000'000));
  ++counts_.packets;
  if (is_video) ++counts_.pictures;
  counts_.bytes += offered.data.size();
  out_.add(run_, Packet{.track = track,
                        .pts = stamp->pts,
                        .dts = stamp->dts,
                        .duration = stamp->duration,
                        .key = !is_video || offered.key,
                        .owner = std::move(offered.owner),
                        .data = offered.data});
}

void Intake::note_keyframe(std::int64_t dts_us) {
  if (last_key_us_) gops_.push_back(dts_us - *last_key_us_);
  if (gops_.size() > gops_remembered) gops_.pop_front();
  last_key_us_ = dts_us;
}

microseconds Intake::keyframe_interval() const {
  std::int64_t longest = gops_.empty() ? 0 : *std::max_element(gops_.begin(), gops_.end());
  if (last_key_us_) longest = std::max(longest, timeline_.reached() - *last_key_us_);
  return microseconds(longest);
}

namespace {
// RFC 6716 section 3.1: the TOC byte.
std::uint32_t opus_samples(ByteView packet) {
  if (packet.empty()) return 960;
  const auto toc = static_cast<unsigned>(packet[0]);
  const unsigned config = toc >> 3;
  constexpr std::uint32_t silk[] = {480, 960, 1920, 2880}, hybrid[] = {480, 960}, celt[] = {120, 240, 480, 960};
  const std::uint32_t frame = config < 12 ? silk[config % 4] : config < 16 ? hybrid[config % 2] : celt[config % 4];
  switch (toc & 3) {
    case 0: return frame;
    case 3: return packet.size() > 1 ? frame * (static_cast<unsigned>(packet[1]) & 0x3f) : frame;
    default: return frame * 2;
  }
}
}  // namespace

std::uint32_t audio_frame_length(const Track& track, ByteView packet) {
  switch (track.codec) {
    case Codec::aac: {
      // ISO/IEC 14496-3 1.6.2.1: object types 5 and 29 (SBR) put out twice the core's 1024 samples.
      const unsigned type = track.config.empty() ? 2 : static_cast<unsigned>(track.config[0]) >> 3;
      return type == 5 || type == 29 ? 2048 : 1024;
    }
    case Codec::opus: return opus_samples(packet);
    case Codec::mp3: return track.sample_rate >= 32'000 ? 1152 : 576;
    case Codec::ac3: return 1536;
    default: return 0;
  }
}

}  // namespace sluice::media
