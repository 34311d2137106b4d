#pragma once
// Ban evasion: what tells that somebody who is banned comes back under another name, and what a channel's
// room does about it.
//
// A mark stands for an address or a fingerprint. It is made with the installation's key, so that who sees
// marks alone learns neither; of whoever has the key, too, IPv4 addresses can be found by trying all.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

enum class BanEvasion {
  off,   // nobody is looked for
  flag,  // moderators are told
  hold,  // and what is said waits for them
};
std::string_view name(BanEvasion evasion);                     // "off", "flag", "hold"
Result<BanEvasion> parse_ban_evasion(std::string_view typed);  // Errc::invalid lists those there are

struct EvasionSettings {
  BanEvasion action = BanEvasion::flag;
  bool operator==(const EvasionSettings&) const = default;
};
struct EvasionPatch {
  std::optional<BanEvasion> action;
};
Result<EvasionSettings> apply(const EvasionPatch& patch, EvasionSettings settings);

enum class MarkKind { address, fingerprint };
std::string_view name(MarkKind kind);  // "address", "fingerprint"

// Of an IPv4 address, mapped into IPv6 or not; of an IPv6 address its /64, which is one household's. None for
// what is no address, and for those that say nothing of who is behind them: loopback, private, link-local,
// shared (RFC 6598), unique local and multicast ones.
std::optional<std::string> address_mark(std::string_view key, std::string_view address);

inline constexpr std::size_t fingerprint_limit = 128;  // bytes
// Of whatever a client says that it is told apart by. None for nothing, and for more than the limit.
std::optional<std::string> fingerprint_mark(std::string_view key, std::string_view fingerprint);

// What the mark was made of. None: it is no mark.
std::optional<MarkKind> kind_of(std::string_view mark);

}  // namespace sluice::platform
