#pragma once
// Bans: for ever, or for a time (timeouts). Whoever is under one may not speak in that channel. Who may ban
// whom is for the caller to know; the store only keeps the broadcaster from being banned.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

struct Ban {
  ChannelId channel;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  std::optional<Wall> until;  // none: for ever
  std::string reason;
  Actor by;
  Wall at;
  std::int64_t audit_id = 0;  // the entry that tells of it

  bool permanent() const { return !until; }
  bool active(Wall now) const { return !until || *until > now; }
};

inline constexpr std::chrono::seconds longest_timeout{1'209'600};  // two weeks

class Bans {
 public:
  virtual ~Bans() = default;
  // A ban, or a timeout of 1 s to longest_timeout. It replaces a timeout that the user is under, shorter or
  // longer. Errc::exists for a ban over a ban, Errc::conflict for a timeout over one; Errc::invalid for the
  // broadcaster, another duration, a reason of more than 500 characters, or a context that is no JSON object;
  // Errc::not_found for the channel or user. Audited as ban or timeout, with the context; emits channel.ban.
  virtual Result<Ban> ban(ChannelId channel, UserId user, std::optional<seconds> duration,
                          std::string_view reason, const Actor& actor, std::string_view context = {}) = 0;
  // The ban or timeout that is over now. Errc::not_found when the user is under none, which is so, too, when
  // it has lapsed. Audited as unban or untimeout; emits channel.unban.
  virtual Result<Ban> lift(ChannelId channel, UserId user, std::string_view reason, const Actor& actor) = 0;
  virtual Result<std::optional<Ban>> find(ChannelId channel, UserId user) = 0;  // active
  // Active ones, by the users' ids, beyond `after` (0: from the first).
  virtual Result<std::vector<Ban>> of_channel(ChannelId channel, UserId after, std::size_t limit) = 0;
};

}  // namespace sluice::store
