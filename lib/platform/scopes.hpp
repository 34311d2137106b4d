#pragma once
// What a token may be used for.
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

enum class Scope : std::uint32_t {
  chat_read = 1u << 0,          // "chat:read": see a room
  chat_edit = 1u << 1,          // "chat:edit": speak in it
  channel_manage = 1u << 2,     // "channel:manage": title and stream of one's own channel
  moderation_manage = 1u << 3,  // "moderation:manage": ban, time out, delete where one is a moderator
};
std::string_view name(Scope scope);

class Scopes {
 public:
  Scopes() = default;
  Scopes(std::initializer_list<Scope> scopes) {
    for (Scope scope : scopes) add(scope);
  }
  void add(Scope scope) { bits_ |= static_cast<std::uint32_t>(scope); }
  bool has(Scope scope) const { return bits_ & static_cast<std::uint32_t>(scope); }
  bool empty() const { return bits_ == 0; }
  std::string text() const;  // "chat:read,chat:edit", in the order of the enumeration
  auto operator<=>(const Scopes&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// Names separated by commas or spaces. Errc::invalid names the first unknown one and lists those there are.
Result<Scopes> parse_scopes(std::string_view text);

}  // namespace sluice::platform
