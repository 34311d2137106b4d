#include "chat/message_id.hpp"

#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace sluice::chat {

std::string message_id(ChannelId channel, UserId user, std::string_view key) {
  const std::string name =
      std::to_string(channel.value()) + "/" + std::to_string(user.value()) + "/" + std::string(key);
  auto digest = crypto::sha256(as_bytes(name));
  digest[6] = (digest[6] & std::byte{0x0f}) | std::byte{0x80};  // RFC 9562: version 8 (custom), variant 10
  digest[8] = (digest[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string id = hex(std::span(digest).first(16));
  for (std::size_t at : {20, 16, 12, 8}) id.insert(at, 1, '-');
  return id;
}

}  // namespace sluice::chat
