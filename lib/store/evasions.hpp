#pragma once
// Who may be avoiding a ban: somebody who was seen in a channel with a mark (platform/ban_evasion.hpp) that a
// user who is banned from it for ever had there, too. That flags the user there, until a moderator clears it,
// or the ban is lifted.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/ban_evasion.hpp"
#include "store/audit.hpp"

namespace sluice::store {

// Somebody in a channel, with all marks of the connections at that time.
struct Sighting {
  ChannelId channel;
  UserId user;
  std::vector<std::string> marks;
};

struct Evasion {
  ChannelId channel;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  UserId banned;  // who had the same mark
  std::string banned_name;
  std::string banned_display_name;
  platform::MarkKind matched = platform::MarkKind::address;
  // By a fingerprint, or under a name that was made after the ban. Else possible: an address alone may be
  // a family's, a school's, or somebody else's by now.
  bool likely = false;
  Wall at;
  std::int64_t audit_id = 0;  // the entry that tells of it
  std::optional<Wall> cleared_at;
  Actor cleared_by;  // where it is

  std::string_view evaluation() const { return likely ? "likely" : "possible"; }
};

class Evasions {
 public:
  virtual ~Evasions() = default;
  // The installation's, with which marks are made; the same for all who share the store.
  virtual Result<std::string> key() = 0;
  virtual Result<> saw(std::span<const Sighting> sightings) = 0;
  // The user's flag that holds in the channel, if any: the one from before, or a new one where a user who is
  // banned from it for ever was seen there with one of the marks since `since`. What a moderator has cleared
  // is flagged anew only for a later ban. A new one is audited as evasion.flag, by chatd, and emits
  // channel.suspicious_user.update. Errc::not_found for the channel or user.
  virtual Result<std::optional<Evasion>> look(const Sighting& sighting, Wall since) = 0;
  virtual Result<std::optional<Evasion>> find(ChannelId channel, UserId user) = 0;  // one that holds
  // By the users' ids, beyond `after` (0: from the first). `all`: those that hold no longer, too.
  virtual Result<std::vector<Evasion>> of_channel(ChannelId channel, bool all, UserId after,
                                                  std::size_t limit) = 0;
  // Errc::not_found when the user has no flag that holds; Errc::invalid for a reason of more than 500
  // characters. Audited as evasion.clear; emits channel.suspicious_user.update.
  virtual Result<Evasion> clear(ChannelId channel, UserId user, std::string_view reason,
                                const Actor& actor) = 0;
  virtual Result<> forget_before(Wall at) = 0;  // marks that nobody was seen with since then
};

}  // namespace sluice::store
