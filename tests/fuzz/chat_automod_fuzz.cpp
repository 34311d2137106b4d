// rooms: chat
// What another program writes as automod's answer, or what is kept of a held message: read without a crash,
// and within its limits.
#include <cstdint>
#include <cstdlib>

#include "chat/automod_lines.hpp"

using namespace sluice::chat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer = read_automod_line(text)) {
    if (const auto* verdict = std::get_if<AutomodVerdict>(&answer->what)) {
      if (verdict->level < 0 || verdict->level > 4 || verdict->category.size() > 32 ||
          verdict->where.size() > 64)
        std::abort();
      for (const Boundary& boundary : verdict->where)
        if (boundary.last < boundary.first) std::abort();
    }
  }
  if (const auto held = unpack_held(text)) {
    const auto again = unpack_held(pack_held(held->message, held->node));
    if (!again || again->message.id != held->message.id) std::abort();
  }
  return 0;
}
