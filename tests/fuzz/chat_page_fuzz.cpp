// rooms: chat
// What a page may send, frame by frame, while its world goes on around it (page_world.hpp). The first byte
// says who it is and what there is before; the rest are lines: a frame each, or `~` and a letter for
// something that happens.
#include "unit/chat/page_world.hpp"

using namespace sluice;

namespace {
constexpr std::size_t most_frames = 40;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most_frames) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (is_utf8(text.substr(0, end))) lines.push_back(text.substr(0, end));  // frames are
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  chat::survive(data[0], lines_of({reinterpret_cast<const char*>(data) + 1, size - 1}));
  return 0;
}
