#pragma once
// Wire: the form in which a member gets its lines. Everything for one wire is rendered once and shared.
#include <cstddef>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::chat {

struct Wire {
  bool json = false;        // JSON objects, else IRC lines
  bool framed = false;      // in WebSocket text frames, else bare
  bool tags = false;        // IRC: twitch.tv/tags
  bool commands = false;    // IRC: twitch.tv/commands
  bool membership = false;  // IRC: twitch.tv/membership
  bool deflated = false;    // framed: in frames that may be compressed
  bool operator==(const Wire&) const = default;

  static constexpr std::size_t count = 64;
  std::size_t index() const {
    return (json ? 1 : 0) | (framed ? 2 : 0) | (tags ? 4 : 0) | (commands ? 8 : 0) | (membership ? 16 : 0) |
           (deflated ? 32 : 0);
  }
};

// Appends one WebSocket text frame; passed in, since frames belong to another room.
using AppendFrame = void (*)(Bytes& out, std::string_view text);

}  // namespace sluice::chat
