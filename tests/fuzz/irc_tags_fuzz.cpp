// rooms: irc
// A line with tags: what was parsed, written again and parsed again, is the same.
#include <cstdint>
#include <cstdlib>

#include "irc/message.hpp"

using namespace sluice::irc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto message = parse_message(line);
  if (!message || message->tags.empty() || line.find_first_of("\r\n") != std::string_view::npos) return 0;
  std::string written;
  LineWriter writer(written);
  for (const auto& [key, value] : message->tags) writer.tag(key, value);
  writer.prefix("x").command("X").trailing("end").end();
  const auto again = parse_message(std::string_view(written).substr(0, written.size() - 2));
  if (!again || again->tags != message->tags || again->param(0) != "end") std::abort();
  return 0;
}
