#include "chat/standing.hpp"

#include <algorithm>

namespace sluice::chat {

namespace {
// As the store keeps them: a clock that leaps ahead and comes back frees nobody.
constexpr std::chrono::hours kept_after_lapse{24};
}  // namespace

void Standing::grant(Role role, UserId user, std::string login) {
  (role == Role::moderator ? moderators_ : vips_).insert_or_assign(user, std::move(login));
}

void Standing::revoke(Role role, UserId user) {
  (role == Role::moderator ? moderators_ : vips_).erase(user);
}

bool Standing::has(Role role, std::string_view login) const {
  return std::ranges::any_of(holders(role), [&](const auto& holder) { return holder.second == login; });
}

std::vector<std::string> Standing::logins(Role role) const {
  std::vector<std::string> logins;
  for (const auto& [user, login] : holders(role)) logins.push_back(login);
  std::ranges::sort(logins);
  return logins;
}

void Standing::replace(Standing fresh) {
  fresh.ban_changes_ += ban_changes_;
  *this = std::move(fresh);
}

void Standing::ban(UserId user, Ban ban) {
  lift(user);
  if (!ban.until) ++for_ever_, ++ban_changes_;
  bans_.emplace(user, std::move(ban));
}

void Standing::lift(UserId user) {
  const auto ban = bans_.find(user);
  if (ban == bans_.end()) return;
  if (!ban->second.until) --for_ever_, ++ban_changes_;
  bans_.erase(ban);
}

const Standing::Ban* Standing::ban_of(UserId user, Wall now) const {
  const auto ban = bans_.find(user);
  return ban == bans_.end() || !ban->second.holds(now) ? nullptr : &ban->second;
}

bool Standing::is_banned(std::string_view login, Wall now) const {
  return std::ranges::any_of(
      bans_, [&](const auto& ban) { return ban.second.login == login && ban.second.holds(now); });
}

std::optional<Wall> Standing::follows_since(UserId user) const {
  const auto follow = follows_.find(user);
  return follow == follows_.end() ? std::nullopt : std::optional(follow->second);
}

void Standing::forget_lapsed(Wall now) {
  std::erase_if(bans_, [&](const auto& ban) { return !ban.second.holds(now - kept_after_lapse); });
}

}  // namespace sluice::chat
