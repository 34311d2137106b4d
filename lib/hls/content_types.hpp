#pragma once
// What HTTP calls the files of a presentation (RFC 8216bis 4, 3.1.2, 3.1.3).
#include <string_view>

namespace sluice::hls {

inline constexpr const char* playlist_type = "application/vnd.apple.mpegurl";

// Of "m4s", "mp4", "ts".
inline std::string_view media_type(bool audio, std::string_view extension) {
  if (extension == "ts") return "video/mp2t";
  return audio ? "audio/mp4" : "video/mp4";
}

}  // namespace sluice::hls
