#include "source_plan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t most_held = 64u << 20;  // bytes read ahead
constexpr std::string_view advice = "set the encoder's keyframe interval to 2 s";

double in_seconds(microseconds time) { return std::chrono::duration<double>(time).count(); }
microseconds time_of(std::int64_t ticks, const media::Track& track) {
  return microseconds(media::rescale(ticks, track.timescale, 1'000'000));
}
}  // namespace

SourcePlan::SourcePlan(Choice choice, microseconds segment, Feeding feeding)
    : choice_(choice), longest_(media::longest_fitting_gop(segment)), feeding_(std::move(feeding)) {}

bool SourcePlan::marked() const {
  if (feeding_.ledger.empty()) return false;
  if (feeding_.new_publisher) {
    ::unlink(mark_path().c_str());
    return false;
  }
  const auto mark = os::read_file(mark_path());
  const auto gop = mark ? parse_number<std::int64_t>(trim(std::string_view(*mark).substr(0, mark->find('\n')))) : std::nullopt;
  return gop && microseconds(*gop) > longest_;
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
  std::size_t bytes = 0;
  bool first = true;
  while (bytes < most_held && !meter_.whole() && meter_.longest() <= longest_) {
    SLUICE_TRY_VALUE(auto packet, reader.next());
    if (!packet) break;
    bytes += packet->data.size();
    held.push_back(std::move(*packet));
    const media::Packet& last = held.back();
    if (last.track != video) continue;
    meter_.add(time_of(last.dts, track), last.key);
    if (!first) continue;
    first = false;
    if (const auto frames = media::promised_gop(track.codec, last.data); frames && track.frame_rate.num > 0) {
      const double gop = static_cast<double>(*frames) * static_cast<double>(track.frame_rate.den) / static_cast<double>(track.frame_rate.num);
      encode_ = gop > in_seconds(longest_);
      why_ = *frames == std::numeric_limits<std::uint32_t>::max() ? "x264 was told to set no keyframes"
                                                                  : fmt::format("x264 keyframe interval {} frames ({:.1f} s)", *frames, gop);
      // Only the first keyframe carries the promise: a next generation begins at another.
      if (encode_) remember(microseconds(static_cast<std::int64_t>(std::min(gop, 1e6) * 1e6)));
      return {};
    }
    if (feeding_.supervised) {
      why_ = "until a keyframe interval proves too long";
      return {};
    }
  }
  encode_ = meter_.longest() > longest_;
  why_ = fmt::format("keyframe interval {}{:.1f} s", encode_ ? "over " : "", in_seconds(meter_.longest()));
  return {};
}

bool SourcePlan::remember(microseconds gop) const {
  if (!feeding_.supervised || feeding_.ledger.empty()) return false;
  auto written = os::write_file_atomically(mark_path(), std::to_string(gop.count()) + "\n");
  if (!written) log::error("remember the keyframe interval", {{written.error()}});
  return written.has_value();
}

bool SourcePlan::watch(microseconds dts, bool key) {
  meter_.add(dts, key);
  if (told_ || choice_ != Choice::automatic || meter_.longest() <= longest_) return true;
  told_ = true;
  const double gop = in_seconds(meter_.longest());
  if (!feeding_.supervised || feeding_.ledger.empty()) {
    log::warn("source keyframe interval too long, segments will be cut without a keyframe", {{"gop_at_least_s", gop}, {"advice", advice}});
    return true;
  }
  log::warn("source keyframe interval too long, encoding it from here on", {{"gop_at_least_s", gop}, {"advice", advice}});
  return !remember(meter_.longest());  // without the mark a next generation would come to the same end
}

}  // namespace sluice::transcode
