#include "media/keyframes.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/text.hpp"
#include "media/byte_stream.hpp"

namespace sluice::media {

namespace {
constexpr microseconds closest_keys{495'000};  // half a second, less what containers of milliseconds round away
}

std::optional<std::uint32_t> promised_gop(Codec codec, ByteView frame) {
  if (codec != Codec::h264) return std::nullopt;
  for (ByteView unit : prefixed_units(frame, 4)) {
    if ((static_cast<unsigned>(unit[0]) & 0x1f) != 6) continue;  // SEI
    const std::string_view text = as_text(unit);
    if (text.find("x264") == text.npos) continue;
    constexpr std::string_view key = " keyint=";
    const std::size_t at = text.find(key);
    if (at == text.npos) continue;
    const std::string_view value = text.substr(at + key.size(), text.find(' ', at + 1) - at - key.size());
    if (value == "infinite") return std::numeric_limits<std::uint32_t>::max();
    return parse_number<std::uint32_t>(value);
  }
  return std::nullopt;
}

void GopMeter::add(microseconds dts, bool key) {
  if (key_) longest_ = std::max(longest_, dts - *key_);
  if (!key) return;
  key_ = dts;
  ++keys_;
}

bool KeyframePlan::key(microseconds pts, bool source_key) {
  bool key = !last_;
  if (last_ && follow_source_) {
    key = source_key && pts - *last_ >= closest_keys;
  } else if (last_) {
    // A frame that rounding put just before its cell opens it.
    constexpr microseconds early{1000};
    key = (pts + early) / segment_ > (*last_ + early) / segment_;
  }
  if (key) last_ = pts;
  return key;
}

bool FrameSelector::keep(microseconds pts, bool key) {
  if (key) {
    anchor_ = pts;
    last_cell_ = 0;
    return true;
  }
  // A quarter of a cell of tolerance: times in milliseconds jitter around the grid.
  const std::int64_t cell = ((pts - anchor_).count() * fps_ + 250'000) / 1'000'000;
  if (cell <= last_cell_) return false;
  last_cell_ = cell;
  return true;
}

}  // namespace sluice::media
