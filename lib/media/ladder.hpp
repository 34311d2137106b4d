#pragma once
// The ladder: which renditions a source is turned into. "auto", "none" (only the source, passed through), or a list such as
// "720p30:3000,480p30:1500,source": HEIGHTpFPS[:KBITS], with "source" where the source itself goes along. Beside any of these "audio":
// the sound is a variant without a picture, too.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::media {

struct Rung {
  std::string name;              // "720p30": names the rendition
  std::uint32_t height = 0;
  std::uint32_t fps = 30;        // at most; a slower source stays as it is, a faster one loses frames
  std::uint32_t bitrate = 0;     // bit/s
  std::uint32_t width = 0;       // even, from the source's aspect; 0 in a specification
  std::optional<std::size_t> parent;  // the rung it is scaled from (index), none: the source

  bool operator==(const Rung&) const = default;
};

struct LadderSpec {
  enum class Kind { automatic, none, listed } kind = Kind::automatic;
  bool source = true;            // the source is a rendition
  std::vector<Rung> rungs;       // of a list
  bool audio = false;            // sound alone is a variant
  bool operator==(const LadderSpec&) const = default;
};
Result<LadderSpec> parse_ladder(std::string_view text);  // Errc::usage

// bit/s for a rung that names no rate: 1080p60 6000, 720p60 4500, 720p30 3000, 480p30 1500, 360p30 800 kbit/s, others between.
std::uint32_t usual_bitrate(std::uint32_t height, std::uint32_t fps);

// Processor seconds a second of hard content takes (x264 veryfast, one core of 2.5 GHz).
double decode_cost(const Track& source);
double encode_cost(std::uint32_t width, std::uint32_t height, double fps);

struct Ladder {
  bool source = true;
  std::vector<Rung> rungs;           // dearest first; never above the source in height or rate
  std::vector<std::string> left_out; // listed ones that would stand above the source, or automatic ones the machine is too small for
};
// `cores`: what the automatic ladder may use (the dearest rungs go first); `encode_source`: the source cannot be passed through.
Ladder choose_ladder(const LadderSpec& spec, const Track& source, unsigned cores, bool encode_source);

}  // namespace sluice::media
