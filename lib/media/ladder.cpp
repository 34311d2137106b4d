#include "media/ladder.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace sluice::media {

namespace {
constexpr double reference_pixels = 1280.0 * 720 * 30;  // a second of 720p30
constexpr double usable_share = 0.85;                   // of the machine, for the automatic ladder

double fps_of(const Track& source) {
  return source.frame_rate.num > 0 ? static_cast<double>(source.frame_rate.num) / static_cast<double>(source.frame_rate.den) : 30;
}

std::uint32_t even_width(const Track& source, std::uint32_t height) {
  if (source.height == 0) return 0;
  return static_cast<std::uint32_t>(std::lround(static_cast<double>(source.width) * height / source.height / 2)) * 2;
}

Result<Rung> parse_rung(std::string_view text) {
  const auto refuse = [&] {
    return fail(Errc::usage, "ladder: \"" + std::string(text) + "\" is no rung", "write HEIGHTpFPS[:KBITS], such as 720p30:3000, or source, or audio");
  };
  const auto parts = split(text, ':');
  const auto size = split(parts[0], 'p');
  if (parts.size() > 2 || size.size() != 2) return refuse();
  const auto height = parse_number<std::uint32_t>(size[0]);
  const auto fps = parse_number<std::uint32_t>(size[1]);
  if (!height || *height < 32 || *height > 4320 || *height % 2 || !fps || *fps < 1 || *fps > 240) return refuse();
  Rung rung{.name = std::string(parts[0]), .height = *height, .fps = *fps, .bitrate = usual_bitrate(*height, *fps)};
  if (parts.size() == 2) {
    const auto kbits = parse_number<std::uint32_t>(parts[1]);
    if (!kbits || *kbits < 50 || *kbits > 200'000) return refuse();
    rung.bitrate = *kbits * 1000;
  }
  return rung;
}

bool dearer(const Rung& a, const Rung& b) {
  return std::uint64_t{a.height} * a.height * a.fps > std::uint64_t{b.height} * b.height * b.fps;
}
}  // namespace

Result<LadderSpec> parse_ladder(std::string_view text) {
  LadderSpec spec;
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(text, ',')) {
    if (trim(part) == "audio") {
      spec.audio = true;
    } else {
      parts.push_back(trim(part));
    }
  }
  if (parts.empty()) return fail(Errc::usage, "ladder: audio goes along with a picture and is no ladder by itself", "write auto,audio");
  if (parts == std::vector<std::string_view>{"auto"}) return spec;
  if (parts == std::vector<std::string_view>{"none"}) {
    spec.kind = LadderSpec::Kind::none;
    return spec;
  }
  spec.kind = LadderSpec::Kind::listed;
  spec.source = false;
  for (const std::string_view part : parts) {
    if (part == "source") {
      spec.source = true;
      continue;
    }
    SLUICE_TRY_VALUE(Rung rung, parse_rung(part));
    if (std::ranges::any_of(spec.rungs, [&](const Rung& other) { return other.name == rung.name; })) {
      return fail(Errc::usage, "ladder: " + rung.name + " stands there twice");
    }
    spec.rungs.push_back(std::move(rung));
  }
  return spec;
}

std::uint32_t usual_bitrate(std::uint32_t height, std::uint32_t fps) {
  struct Point {
    double height, kbits;
  };
  static constexpr Point at30[] = {{160, 250}, {360, 800}, {480, 1500}, {720, 3000}, {1080, 4500}, {2160, 14000}};
  static constexpr Point at60[] = {{160, 375}, {360, 1200}, {480, 2250}, {720, 4500}, {1080, 6000}, {2160, 20000}};
  const auto& table = fps > 45 ? at60 : at30;
  const auto* upper = std::ranges::find_if(table, [&](const Point& p) { return p.height >= height; });
  double kbits = 0;
  if (upper == std::begin(table)) {
    kbits = std::max(100.0, upper->kbits * height / upper->height);
  } else if (upper == std::end(table)) {
    kbits = (upper - 1)->kbits * height / (upper - 1)->height;
  } else {
    const Point &low = *(upper - 1), &high = *upper;
    kbits = low.kbits + (high.kbits - low.kbits) * (height - low.height) / (high.height - low.height);
  }
  return static_cast<std::uint32_t>(std::lround(kbits / 10)) * 10'000;
}

double decode_cost(const Track& source) {
  return 0.25 * source.width * source.height * fps_of(source) / reference_pixels;
}

double encode_cost(std::uint32_t width, std::uint32_t height, double fps) {
  return 0.95 * std::pow(double(width) * height * fps / reference_pixels, 0.75);
}

Ladder choose_ladder(const LadderSpec& spec, const Track& source, unsigned cores, bool encode_source) {
  Ladder ladder{.source = spec.source};
  const double fps = fps_of(source);
  std::vector<Rung> wanted = spec.rungs;
  // Not every player has HEVC, AV1 or VP9: such a source gets at least one rung that all can play.
  const bool everywhere = source.codec == Codec::h264 || encode_source;
  if (spec.kind == LadderSpec::Kind::automatic) {
    for (const char* usual : {"1080p60", "720p60", "720p30", "480p30", "360p30"}) {
      Rung rung = *parse_rung(usual);
      const bool smaller = rung.height < source.height || (rung.height == source.height && !everywhere);
      if (smaller && (rung.fps <= 30 || fps > 45)) wanted.push_back(std::move(rung));
    }
    if (wanted.empty() && !everywhere && source.height >= 32) {
      const std::uint32_t height = source.height & ~1u;
      wanted.push_back(*parse_rung(std::to_string(height) + (fps > 45 ? "p60" : "p30")));
    }
  }
  for (Rung& rung : wanted) {
    const bool above = rung.height > source.height || (rung.fps > 45 && fps < 45);
    // The same picture again is of use only when the source itself is not a rendition, or at fewer frames or a rate of its own.
    if (above) {
      ladder.left_out.push_back(rung.name);
      continue;
    }
    rung.width = even_width(source, rung.height);
    ladder.rungs.push_back(std::move(rung));
  }
  std::ranges::stable_sort(ladder.rungs, dearer);
  if (spec.kind == LadderSpec::Kind::automatic) {
    const auto cost = [&] {
      double sum = ladder.rungs.empty() && !encode_source ? 0 : decode_cost(source);
      if (encode_source) sum += encode_cost(source.width, source.height, fps);
      for (const Rung& rung : ladder.rungs) sum += encode_cost(rung.width, rung.height, std::min<double>(rung.fps, fps));
      return sum;
    };
    const std::size_t least = everywhere ? 0 : 1;
    while (ladder.rungs.size() > least && cost() > usable_share * cores) {
      ladder.left_out.push_back(ladder.rungs.front().name);
      ladder.rungs.erase(ladder.rungs.begin());
    }
  }
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Rung &larger = ladder.rungs[j], &own = ladder.rungs[i];
      if (larger.height >= own.height && std::min<double>(larger.fps, fps) >= std::min<double>(own.fps, fps)) {
        ladder.rungs[i].parent = j;  // the last that fits is the nearest
      }
    }
  }
  return ladder;
}

}  // namespace sluice::media
