#pragma once
// What a player takes from a playlist. Scanned, not checked (hlslint checks); the same text is scanned once for all players of a rendition.
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace players {

struct Spot {
  std::uint64_t msn = 0, part = 0;
  auto operator<=>(const Spot&) const = default;
};

struct ListedPart {
  Spot spot;
  double seconds = 0;
  bool independent = false, gap = false;
  std::string uri;
};

struct Listing {
  std::vector<ListedPart> parts;                 // in order
  std::optional<std::uint64_t> last_whole;       // the last segment with EXTINF
  std::string hint;
  double part_target = 0, hold_back = 0;
  bool ended = false;

  // What a blocking reload asks for next (as hls.js: the part after the last, or the first of the next segment).
  Spot next() const {
    if (parts.empty()) return {last_whole ? *last_whole + 1 : 0, 0};
    const Spot last = parts.back().spot;
    return last_whole && *last_whole >= last.msn ? Spot{*last_whole + 1, 0} : Spot{last.msn, last.part + 1};
  }
};

inline std::string_view attribute(std::string_view line, std::string_view name) {
  for (std::size_t at = line.find(name); at != line.npos; at = line.find(name, at + 1)) {
    const std::size_t value = at + name.size();
    if (at == 0 || (line[at - 1] != ':' && line[at - 1] != ',') || value >= line.size() || line[value] != '=') continue;
    std::string_view rest = line.substr(value + 1);
    if (rest.starts_with('"')) return rest.substr(1, rest.find('"', 1) - 1);
    return rest.substr(0, rest.find(','));
  }
  return {};
}

inline double real(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

inline Listing read_listing(std::string_view text) {
  Listing out;
  std::uint64_t msn = 0;
  std::size_t part = 0;
  const auto integer = [](std::string_view digits) { return sluice::parse_number<std::uint64_t>(digits).value_or(0); };
  for (std::string_view line : sluice::split(text, '\n')) {
    if (line.starts_with("#EXT-X-MEDIA-SEQUENCE:")) {
      msn = integer(line.substr(22));
    } else if (line.starts_with("#EXT-X-SKIP:")) {
      msn += integer(attribute(line, "SKIPPED-SEGMENTS"));
      if (msn > 0) out.last_whole = msn - 1;
    } else if (line.starts_with("#EXT-X-PART:")) {
      out.parts.push_back({{msn, part++}, real(attribute(line, "DURATION")), attribute(line, "INDEPENDENT") == "YES",
                           attribute(line, "GAP") == "YES", std::string(attribute(line, "URI"))});
    } else if (line.starts_with("#EXT-X-PART-INF:")) {
      out.part_target = real(attribute(line, "PART-TARGET"));
    } else if (line.starts_with("#EXT-X-SERVER-CONTROL:")) {
      out.hold_back = real(attribute(line, "PART-HOLD-BACK"));
    } else if (line.starts_with("#EXT-X-PRELOAD-HINT:")) {
      out.hint = attribute(line, "URI");
    } else if (line == "#EXT-X-ENDLIST") {
      out.ended = true;
    } else if (!line.empty() && line.front() != '#') {
      out.last_whole = msn++;
      part = 0;
    }
  }
  return out;
}

// The media playlists that a player begins with, relative as they stand: one variant (the first), and its audio if it is apart.
inline std::vector<std::string> chosen_playlists(std::string_view multivariant, bool with_audio) {
  std::string video, audio;
  for (std::string_view line : sluice::split(multivariant, '\n')) {
    if (audio.empty() && line.starts_with("#EXT-X-MEDIA:") && attribute(line, "TYPE") == "AUDIO") audio = attribute(line, "URI");
    if (video.empty() && !line.empty() && line.front() != '#') video = line;
  }
  std::vector<std::string> out;
  if (!video.empty()) out.push_back(video);
  if (with_audio && !audio.empty()) out.push_back(audio);
  return out;
}

}  // namespace players
