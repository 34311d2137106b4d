#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "icu/look.hpp"
#include "platform/colors.hpp"
#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
User user_of(sqlite::Statement& row) {
  return {UserId(row.integer(0)),
          row.text(1),
          row.text(2),
          from_ms(row.integer(3)),
          row.text(4),
          row.integer(5) != 0,
          platform::parse_premium(row.text(6)).value_or(platform::Premium::none)};
}

std::string select_users(std::string_view rest) {
  return fmt::format("SELECT id, name, display_name, created_ms, color, bot, premium FROM users {}", rest);
}

Result<> tell_of(Change& change, const User& user) {
  nlohmann::json payload{
      {"color", user.color}, {"is_bot", user.bot}, {"premium", platform::name(user.premium)}};
  put_user(payload, "", user);
  SLUICE_TRY(change.emit("user.update", ChannelId(), payload));
  return {};
}
}  // namespace

Result<User> user_by_id(sqlite::Database& db, UserId id) {
  return first(db.query(select_users("WHERE id = ?"), id.value()), user_of,
               fmt::format("no user {}", id.value()));
}

Result<User> acting_user(sqlite::Database& db, const Actor& actor) {
  if (actor.user != UserId()) return user_by_id(db, actor.user);
  return User{UserId(), actor.name, actor.name, Wall()};
}

Result<User> SqliteUsers::add(std::string_view typed, std::string_view display) {
  SLUICE_TRY_VALUE(std::string name, platform::user_name(typed));
  SLUICE_TRY_VALUE(std::string display_name, platform::display_name(display.empty() ? typed : display));
  // Outside the transaction: the first time everybody is read.
  SLUICE_TRY(core_.read([&](sqlite::Database& db, Wall) { return read_looks(db); }));
  return core_.write([&](Change& change) -> Result<User> {
    SLUICE_TRY(read_looks(change.db));
    Result<> added = change.db.run("INSERT INTO users (name, display_name, created_ms) VALUES (?, ?, ?)",
                                   name, display_name, to_ms(change.now));
    if (!added && added.error().code == Errc::exists)
      return fail(Errc::exists, fmt::format("the user \"{}\" exists", name));
    SLUICE_TRY(added);
    for (const std::string& text : {name, display_name})
      if (const auto like = looks_.find(icu_text::look_of(text)); like != looks_.end())
        return fail(Errc::conflict,
                    fmt::format("the name \"{}\" looks like the user \"{}\"", text, like->second),
                    "choose one that nobody takes for another's");
    return User{UserId(change.db.last_row_id()), name, display_name, change.now};
  });
}

Result<> SqliteUsers::read_looks(sqlite::Database& db) {
  SLUICE_TRY_VALUE(auto users,
                   collect(db.query(select_users("WHERE id > ? ORDER BY id"), looks_of_.value()), user_of));
  for (const User& user : users) {
    for (const std::string& text : {user.name, user.display_name})
      looks_.emplace(icu_text::look_of(text), user.name);
    looks_of_ = user.id;
  }
  return {};
}

Result<User> SqliteUsers::by_name(std::string_view typed) {
  return core_.read([&](sqlite::Database& db, Wall) {
    std::string name = platform::folded_name(typed);
    return first(db.query(select_users("WHERE name = ?"), name), user_of,
                 fmt::format("no user \"{}\"", name));
  });
}

Result<User> SqliteUsers::by_id(UserId id) {
  return core_.read([&](sqlite::Database& db, Wall) { return user_by_id(db, id); });
}

Result<std::vector<User>> SqliteUsers::list() {
  return core_.read(
      [](sqlite::Database& db, Wall) { return collect(db.query(select_users("ORDER BY name")), user_of); });
}

Result<User> SqliteUsers::set_color(UserId id, std::string_view typed) {
  SLUICE_TRY_VALUE(std::string color, platform::name_color(typed));
  return core_.write([&](Change& change) -> Result<User> {
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, id));
    if (user.color == color) return user;
    SLUICE_TRY(change.db.run("UPDATE users SET color = ? WHERE id = ?", color, id.value()));
    user.color = color;
    SLUICE_TRY(tell_of(change, user));
    return user;
  });
}

Result<bool> SqliteUsers::set_bot(UserId id, bool bot, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, id));
    if (user.bot == bot) return false;
    SLUICE_TRY(change.db.run("UPDATE users SET bot = ? WHERE id = ?", std::int64_t{bot}, id.value()));
    user.bot = bot;
    SLUICE_TRY(append_audit(change, {.actor = actor,
                                     .action = bot ? "user.bot" : "user.no_bot",
                                     .target_user = id,
                                     .target = "user:" + user.name}));
    SLUICE_TRY(tell_of(change, user));
    return true;
  });
}

Result<bool> SqliteUsers::set_premium(UserId id, platform::Premium premium, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, id));
    if (user.premium == premium) return false;
    SLUICE_TRY(
        change.db.run("UPDATE users SET premium = ? WHERE id = ?", platform::name(premium), id.value()));
    user.premium = premium;
    const bool none = premium == platform::Premium::none;
    SLUICE_TRY(
        append_audit(change, {.actor = actor,
                              .action = fmt::format("user.{}", none ? "no_premium" : platform::name(premium)),
                              .target_user = id,
                              .target = "user:" + user.name}));
    SLUICE_TRY(tell_of(change, user));
    return true;
  });
}

Result<std::vector<User>> SqliteUsers::with_premium(UserId after, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_users("WHERE premium <> 'none' AND id > ? ORDER BY id LIMIT ?"),
                            after.value(), static_cast<std::int64_t>(limit)),
                   user_of);
  });
}

}  // namespace sluice::store
