#include "source_plan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "hls/segment_rules.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t most_held = 64u << 20;  // bytes read ahead
constexpr microseconds least_measured{1'000'000};  // of what tells a source's bit rate
constexpr std::string_view advice = "set the encoder's keyframe interval to 2 s";

double in_seconds(microseconds time) { return std::chrono::duration<double>(time).count(); }
microseconds time_of(std::int64_t ticks, const media::Track& track) {
  return microseconds(media::rescale(ticks, track.timescale, 1'000'000));
}
}  // namespace

SourcePlan::SourcePlan(Choice choice, microseconds segment, Feeding feeding)
    : choice_(choice), segment_(segment), longest_(hls::longest_whole_gop(segment)), feeding_(std::move(feeding)) {}

bool SourcePlan::marked() {
  if (feeding_.ledger.empty()) return false;
  if (feeding_.new_publisher) {
    ::unlink(mark_path().c_str());
    return false;
  }
  if (const auto text = os::read_file(mark_path())) mark_ = media::parse_source_mark(*text);
  // A promise counts as long as it is too long for the segment target that is set now; what was seen, until the probation is over.
  return mark_ && (mark_->gop > longest_ || (mark_->probation && mark_->gop.count() > 0));
}

Result<> SourcePlan::decide(pipe::Reader& reader, std::size_t video, std::deque<media::Packet>& held) {
  if (choice_ != Choice::automatic) {
    encode_ = choice_ == Choice::encode;
    why_ = "as asked";
    return {};
  }
  if (marked()) {
    encode_ = true;
    why_ = "its keyframe interval was measured too long";
    return {};
  }
  const media::Track& track = reader.tracks()[video];
  media::GopMeter meter;
  std::size_t bytes = 0;
  bool first = true;
  while (bytes < most_held && !meter.whole() && meter.longest() <= longest_) {
    SLUICE_TRY_VALUE(auto packet, reader.next());
    if (!packet) break;
    bytes += packet->data.size();
    held.push_back(std::move(*packet));
    const media::Packet& last = held.back();
    if (last.track != video) continue;
    meter.add(time_of(last.dts, track), last.key);
    if (!first) continue;
    first = false;
    if (passed_later(time_of(last.pts, track))) {
      encode_ = true;
      why_ = "its keyframe intervals fit from a later picture on";
      return {};
    }
    if (const auto frames = media::promised_gop(track.codec, last.data); frames && track.frame_rate.num > 0) {
      const double gop = static_cast<double>(*frames) * static_cast<double>(track.frame_rate.den) / static_cast<double>(track.frame_rate.num);
      encode_ = gop > in_seconds(longest_);
      why_ = *frames == std::numeric_limits<std::uint32_t>::max() ? "x264 was told to set no keyframes"
                                                                  : fmt::format("x264 keyframe interval {} frames ({:.1f} s)", *frames, gop);
      // Only the first keyframe carries the promise: a next generation begins at another.
      if (encode_ && can_hand_over()) remember({microseconds(static_cast<std::int64_t>(std::min(gop, 1e6) * 1e6))});
      return {};
    }
    if (feeding_.supervised) {
      why_ = "until a keyframe interval proves too long";
      return {};
    }
  }
  encode_ = meter.longest() > longest_;
  why_ = fmt::format("keyframe interval {}{:.1f} s", encode_ ? "over " : "", in_seconds(meter.longest()));
  return {};
}

// The generation that was to write what is before that keyframe has died over it.
bool SourcePlan::passed_later(microseconds first) const { return mark_ && mark_->gop.count() == 0 && first < mark_->next; }

std::optional<media::SourceMark> SourcePlan::passed_before() const {
  if (!encode_ || !mark_) return std::nullopt;
  media::SourceMark before = *mark_;
  if (before.gop.count() == 0) before.next = {};  // where passing begins again, not where it ended
  return before;
}

bool SourcePlan::remember(const media::SourceMark& mark) {
  auto written = os::write_file_atomically(mark_path(), media::format(mark) + "\n");
  if (!written) log::error("remember the keyframe interval", {{written.error()}});
  return written.has_value();
}

bool SourcePlan::watch(const media::Packet& packet, const media::Track& track) {
  if (choice_ != Choice::automatic || told_) return true;
  const std::int64_t frame = packet.duration > 0 ? packet.duration : hls::frame_ticks(track);
  const hls::WholeGops::Picture picture{time_of(packet.pts, track), time_of(packet.dts, track), time_of(frame, track), packet.key};
  if (encode_) return !can_hand_over() || !mark_ || !mark_->probation || !pass_again(picture);
  if (!gops_) gops_.emplace(segment_);
  if (!gops_->take(picture)) return stop_passing();
  if (first_ < microseconds(0)) first_ = picture.dts;
  last_ = picture.dts;
  bytes_ += packet.data.size();
  return true;
}

// True when it has to be passed on all the same.
bool SourcePlan::stop_passing() {
  told_ = true;
  const double gop = in_seconds(gops_->gop());
  if (!can_hand_over()) {
    log::warn("source keyframe interval too long, segments will be cut without a keyframe", {{"gop_at_least_s", gop}, {"advice", advice}});
    return true;
  }
  next_ = gops_->next();
  media::SourceMark mark{.gop = std::max(gops_->gop(), microseconds(1)), .probation = media::next_probation(mark_), .next = next_};
  if (last_ - first_ >= least_measured) mark.bitrate = bytes_ * 8'000'000 / static_cast<std::uint64_t>((last_ - first_).count());
  const bool habit = media::is_habit(mark);
  log::write(habit ? log::Level::warn : log::Level::info, "source keyframe interval too long, encoding it from here on",
             {{"gop_at_least_s", gop}, {"until_they_fit_for_s", in_seconds(*mark.probation)}, {"advice", habit ? advice : ""}});
  return !remember(mark);  // without the mark a next generation would come to the same end
}

// Whether the source's GOPs have fitted for long enough, and this picture begins one.
bool SourcePlan::pass_again(const hls::WholeGops::Picture& picture) {
  if (!gops_ && !picture.key) return false;
  if (!gops_) {
    gops_.emplace(segment_);
    fits_since_ = picture.dts;
  }
  if (!gops_->take(picture)) {
    gops_.reset();
    return false;
  }
  if (!picture.key || picture.dts - fits_since_ < *mark_->probation) return false;
  if (!remember({.probation = mark_->probation, .next = picture.pts, .bitrate = mark_->bitrate})) return false;
  next_ = picture.pts;
  log::info("source keyframe intervals fit, it is passed through again", {{"for_s", in_seconds(picture.dts - fits_since_)}});
  return true;
}

void SourcePlan::leave(std::optional<microseconds> picture, std::optional<microseconds> sound) const {
  const auto word = [](std::optional<microseconds> time) { return time ? std::to_string(time->count()) : "-"; };
  const auto left = os::write_file_atomically(feeding_.ledger + "/pause", word(next_) + " " + word(picture) + " " + word(sound) + "\n");
  if (!left) log::error("tell the segmenter where the source is left off", {{left.error()}});
}

}  // namespace sluice::transcode
