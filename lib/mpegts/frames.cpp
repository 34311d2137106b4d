#include "mpegts/frames.hpp"

#include <algorithm>

#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"
#include "media/nal_unit.hpp"

namespace sluice::mpegts {

namespace nal = media::nal;
using media::InBandSets;

namespace {

constexpr std::uint64_t clock_mask = (std::uint64_t{1} << 33) - 1;
constexpr std::size_t most_nals = 4'096;       // of one picture: more are no picture
constexpr std::size_t most_parameter_sets = 64;  // likewise
constexpr std::uint64_t longest_step = 90'000;  // a slower source stamps every picture

std::int64_t distance(std::uint64_t from, std::uint64_t to) {
  return static_cast<std::int64_t>((to - from) << 31) >> 31;
}

}  // namespace

void VideoFrames::take(const Unit& unit, std::vector<FrameEvent>& out) {
  const std::vector<ByteView> nals = media::nal_units(unit.payload);
  const auto sets = std::ranges::count_if(nals, [&](ByteView nal) { return nal::is_parameter_set(codec_, nal::type_of(codec_, nal)); });
  if (nals.empty() || nals.size() > most_nals || static_cast<std::size_t>(sets) > most_parameter_sets) return void(++broken_);
  // A delimiter begins a picture; most senders put one picture into a PES packet.
  std::vector<ByteView> picture;
  std::size_t index = 0;
  for (const ByteView nal : nals) {
    if (nal::delimits(codec_, nal::type_of(codec_, nal)) && !picture.empty()) {
      take_picture(unit, picture, index++, out);
      picture.clear();
    }
    picture.push_back(nal);
  }
  take_picture(unit, picture, index, out);
}

void VideoFrames::take_picture(const Unit& unit, const std::vector<ByteView>& nals, std::size_t index, std::vector<FrameEvent>& out) {
  bool shown = false, key = false, sps = false;
  for (const ByteView nal : nals) {
    const unsigned type = nal::type_of(codec_, nal);
    shown |= nal::is_picture(codec_, type);
    key |= nal::is_random_access(codec_, type);
    sps |= nal::is_sps(codec_, type);
  }
  switch (sets_.take(codec_, nals, key || sps)) {
    case InBandSets::Found::nothing_new:
    case InBandSets::Found::too_often: break;
    case InBandSets::Found::broken: ++broken_; break;
    case InBandSets::Found::configuration: {
      media::Track track{.codec = codec_, .config = sets_.config()};
      if (media::describe(track)) out.emplace_back(std::move(track));
    }
  }
  if (!shown) return void(++broken_);
  Frame frame{.key = key || (unit.random_access && sps && index == 0)};
  if (unit.pts && index == 0) {
    frame.dts = unit.dts.value_or(*unit.pts);
    frame.composition = distance(frame.dts, *unit.pts);
    if (last_dts_)
      if (const std::int64_t step = distance(*last_dts_, frame.dts); step > 0 && static_cast<std::uint64_t>(step) < longest_step)
        step_ = static_cast<std::uint64_t>(step);
  } else if (last_dts_) {
    frame.dts = (*last_dts_ + step_) & clock_mask;
    frame.composition = composition_;
  } else {
    return void(++broken_);
  }
  last_dts_ = frame.dts;
  composition_ = frame.composition;
  frame.data = std::make_shared<const Bytes>(media::length_prefixed(codec_, nals, {}));
  out.emplace_back(std::move(frame));
}

void AdtsFrames::take(const Unit& unit, std::vector<FrameEvent>& out) {
  if (unit.torn) {  // the rest of the frame that is held is missing
    broken_ += held_.size();
    held_.clear();
  }
  const std::size_t carried = held_.size();
  append(held_, unit.payload);
  std::size_t at = 0;
  bool stamped = !unit.pts.has_value();
  while (at < held_.size()) {
    const ByteView rest = ByteView(held_).subspan(at);
    if (!stamped && at >= carried) {  // this frame begins in this packet
      time_ = *unit.pts;
      since_ = 0;
      stamped = true;
    }
    const auto frame = media::adts(rest);
    if (!frame) {
      if (rest.size() < 7 && rest[0] == std::byte{0xff}) break;  // a header cut in two
      ++at;
      ++broken_;
      continue;
    }
    if (rest.size() < frame->size) break;
    at += frame->size;
    if (frame->config != config_) {
      config_ = frame->config;
      rate_ = frame->sample_rate;
      media::Track track{.codec = media::Codec::aac, .config = config_, .sample_rate = frame->sample_rate, .channels = frame->channels};
      if (media::describe(track)) out.emplace_back(std::move(track));
    }
    const ByteView data = rest.subspan(frame->header, frame->size - frame->header);
    if (time_ && !data.empty())
      out.emplace_back(Frame{.dts = (*time_ + since_ * 90'000 / rate_) & clock_mask,
                             .key = true,
                             .data = std::make_shared<const Bytes>(data.begin(), data.end())});
    since_ += 1'024;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace sluice::mpegts
