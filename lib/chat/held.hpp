#pragma once
// Messages that wait for a moderator: as they are kept, and as pages are told of them (sluice-chat(5)).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// What it was held for: inclusive, counted in code points.
struct Boundary {
  std::uint32_t first = 0, last = 0;
  bool operator==(const Boundary&) const = default;
};

struct Held {
  std::string channel, id;
  User user;
  std::string text;
  std::string reason;    // "automod", "blocked_term"
  std::string category;  // AutoMod's
  int level = 0;
  std::vector<Boundary> boundaries;
  Wall at;
};
void write_held(std::string& out, const Held& held);
void write_held_queue(std::string& out, std::string_view channel, const std::vector<Held>& queue);

struct Decided {
  std::string channel, id;
  User user;           // whose message it is
  std::string status;  // "approved", "denied", "expired"
  std::optional<User> by;
  Wall at;
};
void write_decided(std::string& out, const Decided& decided, bool with_moderator);

// All that is needed to publish a message later, as one JSON object on one line; `node` is who took it.
std::string pack_held(const Message& message, std::string_view node);
struct Unpacked {
  Message message;  // without what is given when it is published: number, time, badges, emotes, bits
  std::string node;
  bool knows_roles = false;  // its roles are those that it was judged with; older ones have none
};
Result<Unpacked> unpack_held(std::string_view json);  // Errc::invalid

}  // namespace sluice::chat
