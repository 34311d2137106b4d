// rooms: chat
// A page's object: parsed without a crash, and its parts within their limits.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.hpp"
#include "chat/json_request.hpp"

using namespace sluice::chat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!sluice::is_utf8(text)) return 0;  // the frame parser lets nothing else through
  const auto request = parse_json_request(text);
  if (!request) return 0;
  if (const auto* join = std::get_if<JoinRequest>(&*request);
      join != nullptr && (join->history > 100 || join->channel.size() > 25))
    std::abort();
  if (const auto* message = std::get_if<MessageRequest>(&*request);
      message != nullptr && message->key.empty())
    std::abort();
  return 0;
}
