// rooms: hls base
#include <cstdint>
#include <string_view>

#include "hls/lint.hpp"

// Reads any text as a playlist and judges it, against itself as an earlier version too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::hls;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Subject subject;
  subject.playlists["a.m3u8"] = text;
  subject.playlists["b.m3u8"] = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"first\",VALUE=\"{$\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8?end=m4%73\n";
  subject.earlier["a.m3u8"] = {{"a.m3u8.1", text.substr(0, size / 2)}, {"a.m3u8.2", text}};
  for (const Finding& finding : lint(subject)) {
    if (find_rule(finding.rule) == nullptr) __builtin_trap();
  }
  return 0;
}
