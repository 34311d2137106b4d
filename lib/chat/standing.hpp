#pragma once
// Standing: what has been decided about a room and the people in it: its settings, who moderates, who is a
// VIP, who is banned, who follows. Read from the store when the room opens, and changed by what the event log
// tells (sluice-events(5)), so that every node comes to the same.
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "chat/types.hpp"
#include "platform/ban_evasion.hpp"

namespace sluice::chat {

class Standing {
 public:
  RoomSettings settings;
  platform::BanEvasion evasion = platform::BanEvasion::flag;

  enum class Role { moderator, vip };
  void grant(Role role, UserId user, std::string login);
  void revoke(Role role, UserId user);
  bool has(Role role, UserId user) const { return holders(role).contains(user); }
  bool has(Role role, std::string_view login) const;
  std::vector<std::string> logins(Role role) const;  // by name

  struct Ban {
    std::string login;
    std::optional<Wall> until;  // none: for ever
    bool holds(Wall now) const { return !until || *until > now; }
  };
  void ban(UserId user, Ban ban);  // in place of one before
  void lift(UserId user);
  // What was read anew in place of this; no number of ban_changes() comes again.
  void replace(Standing fresh);
  bool bans_for_ever() const { return for_ever_ > 0; }  // anybody
  std::uint64_t ban_changes() const {
    return ban_changes_;
  }                                                // grows when who is banned for ever is otherwise
  const Ban* ban_of(UserId user, Wall now) const;  // null, too, when it has run out
  bool is_banned(std::string_view login, Wall now) const;
  void forget_lapsed(Wall now);  // now and then: timeouts that ended long ago take no memory
  std::size_t bans() const { return bans_.size(); }

  void follow(UserId user, Wall since) { follows_.insert_or_assign(user, since); }
  void unfollow(UserId user) { follows_.erase(user); }
  std::optional<Wall> follows_since(UserId user) const;

 private:
  using Holders = std::unordered_map<UserId, std::string>;
  const Holders& holders(Role role) const { return role == Role::moderator ? moderators_ : vips_; }

  Holders moderators_, vips_;
  std::unordered_map<UserId, Ban> bans_;
  std::size_t for_ever_ = 0;
  std::uint64_t ban_changes_ = 1;
  std::unordered_map<UserId, Wall> follows_;
};

}  // namespace sluice::chat
