#pragma once
// People. A name is lower-case and unique (platform/names.hpp has the rule); the display name is how its
// owner writes it.
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/premium.hpp"
#include "store/audit.hpp"

namespace sluice::store {

struct User {
  UserId id;
  std::string name;          // login: [a-z0-9_], 1–25 characters
  std::string display_name;  // the name in its owner's capitals, or any text of up to 50 characters
  Wall created_at;
  std::string color{};  // of the name in chat: "#RRGGBB"; empty: none chosen
  bool bot = false;     // verified: chat's limits for bots
  platform::Premium premium = platform::Premium::none;
};

class Users {
 public:
  virtual ~Users() = default;
  // Errc::invalid for a bad name, Errc::exists when it is taken, Errc::conflict when it or the display name
  // looks like another's name or display name (icu/look.hpp). Names are folded to lower case; an empty
  // display name is the name as given.
  virtual Result<User> add(std::string_view name, std::string_view display_name) = 0;
  virtual Result<User> by_name(std::string_view name) = 0;  // any capitals; Errc::not_found
  virtual Result<User> by_id(UserId id) = 0;                // Errc::not_found
  virtual Result<std::vector<User>> list() = 0;             // by name
  // As platform::name_color() has it: Errc::invalid for what is no color. Emits user.update.
  virtual Result<User> set_color(UserId id, std::string_view color) = 0;
  // True when something changed: it is audited then (user.bot, user.no_bot) and emits user.update.
  virtual Result<bool> set_bot(UserId id, bool bot, const Actor& actor) = 0;
  // As set_bot(); audited as user.turbo, user.prime or user.no_premium.
  virtual Result<bool> set_premium(UserId id, platform::Premium premium, const Actor& actor) = 0;
  // Who has turbo or prime, by id beyond this one (0: from the first).
  virtual Result<std::vector<User>> with_premium(UserId after, std::size_t limit) = 0;
};

}  // namespace sluice::store
