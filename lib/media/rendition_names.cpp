#include "media/rendition_names.hpp"

#include <algorithm>

namespace sluice::media {

namespace {
bool has(const std::vector<std::string>& taken, const std::string& name) { return std::ranges::find(taken, name) != taken.end(); }

std::string numbered(const std::string& wanted, const char* separator, const std::vector<std::string>& taken) {
  std::string name = wanted;
  for (int n = 2; has(taken, name); ++n) name = wanted + separator + std::to_string(n);
  return name;
}
}  // namespace

std::string picture_name(const Track& track) {
  if (track.height == 0) return "video";
  const auto [num, den] = track.frame_rate;
  const std::string size = std::to_string(track.height) + "p";
  return num > 0 && den > 0 ? size + std::to_string((num + den / 2) / den) : size;
}

std::string unused_picture_name(const Track& track, const std::vector<std::string>& taken) {
  const std::string plain = picture_name(track);
  if (!has(taken, plain)) return plain;
  const std::string with_codec = plain + "-" + std::string(name(track.codec));
  if (track.codec != Codec::h264 && !has(taken, with_codec)) return with_codec;
  return numbered(plain, "-", taken);
}

std::string unused_sound_name(const std::vector<std::string>& taken) { return numbered("audio", "", taken); }

const Track* same_picture(const Track& track, const std::vector<Track>& before, const std::vector<std::string>& taken) {
  const Track* found = nullptr;
  for (const Track& other : before) {
    if (picture_name(other) != picture_name(track) || has(taken, other.rendition)) continue;
    if (other.codec == track.codec) return &other;
    if (found == nullptr) found = &other;
  }
  return found;
}

void name_pictures(std::vector<Track>& tracks) {
  std::vector<std::string> taken;
  for (Track& track : tracks) {
    if (track.kind() != Kind::video) continue;
    track.rendition = unused_picture_name(track, taken);
    taken.push_back(track.rendition);
  }
}

std::size_t count_pictures(const std::vector<Track>& tracks) {
  return static_cast<std::size_t>(std::ranges::count(tracks, Kind::video, &Track::kind));
}

}  // namespace sluice::media
