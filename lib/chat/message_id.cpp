#include "chat/message_id.hpp"

#include <array>
#include <span>

#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace sluice::chat {

namespace {
using IdBytes = std::span<std::byte, 16>;

// RFC 9562, 4: with its version and variant 10.
std::string uuid(IdBytes bytes, unsigned version) {
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte(version << 4);
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string id = hex(bytes);
  for (std::size_t at : {20, 16, 12, 8}) id.insert(at, 1, '-');
  return id;
}
}  // namespace

std::string message_id(ChannelId channel, UserId user, std::string_view key) {
  const std::string name =
      std::to_string(channel.value()) + "/" + std::to_string(user.value()) + "/" + std::string(key);
  auto digest = crypto::sha256(as_bytes(name));
  return uuid(std::span(digest).first<16>(), 8);
}

std::string message_id(Wall at, Random& random) {
  std::array<std::byte, 16> bytes;
  auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 6; i-- > 0; ms >>= 8) bytes[i] = static_cast<std::byte>(ms);
  random.fill(std::span(bytes).subspan(6));
  return uuid(bytes, 7);
}

}  // namespace sluice::chat
