#include "store/sqlite_bits.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_idempotency.hpp"
#include "store/sqlite_subscription_rows.hpp"

namespace sluice::store {

namespace {
std::string select_cheers(std::string_view rest) {
  return fmt::format(
      "SELECT h.message_id, h.channel_id, c.name, h.user_id, u.name, u.display_name, u.color, h.bits, "
      "h.anonymous, "
      "h.text, h.whole, h.node, h.state, h.at_ms FROM cheers h JOIN channels c ON c.id = h.channel_id "
      "JOIN users u ON u.id = h.user_id {}",
      rest);
}

Cheer cheer_of(sqlite::Statement& row) {
  const std::string state = row.text(12);
  return {.message_id = row.text(0),
          .channel = ChannelId(row.integer(1)),
          .channel_name = row.text(2),
          .user = UserId(row.integer(3)),
          .user_name = row.text(4),
          .user_display_name = row.text(5),
          .user_color = row.text(6),
          .bits = row.integer(7),
          .anonymous = row.integer(8) != 0,
          .text = row.text(9),
          .whole = row.text(10),
          .node = row.text(11),
          .state = state == "paid"       ? CheerState::paid
                   : state == "reserved" ? CheerState::reserved
                                         : CheerState::returned,
          .at = from_ms(row.integer(13))};
}

Result<Cheer> cheer_by_message(sqlite::Database& db, std::string_view id) {
  return first(db.query(select_cheers("WHERE h.message_id = ?"), id), cheer_of,
               fmt::format("no cheer {}", id));
}

Result<std::optional<Cheer>> known_cheer(sqlite::Database& db, std::string_view id) {
  auto cheer = cheer_by_message(db, id);
  if (cheer) return *std::move(cheer);
  if (cheer.error().code == Errc::not_found) return std::nullopt;
  return std::unexpected(std::move(cheer).error());
}

Result<std::optional<std::int64_t>> balance_of(sqlite::Database& db, UserId user) {
  SLUICE_TRY_VALUE(auto row, db.query("SELECT bits FROM bits_balances WHERE user_id = ?", user.value()));
  SLUICE_TRY_VALUE(const bool found, row.step());
  return found ? std::optional(row.integer(0)) : std::nullopt;
}

Result<std::int64_t> total_of(sqlite::Database& db, ChannelId channel, UserId user) {
  return first(
      db.query("SELECT coalesce(sum(bits), 0) FROM cheerers WHERE channel_id = ? AND user_id = ?",
               channel.value(), user.value()),
      [](auto& row) { return row.integer(0); }, "");
}

Result<> add_to_balance(Change& change, UserId user, std::int64_t bits) {
  return change.db.run(
      "INSERT INTO bits_balances VALUES (?1, ?2) ON CONFLICT (user_id) DO UPDATE SET bits = bits + ?2",
      user.value(), bits);
}

Result<> add_to_total(Change& change, const Cheer& cheer, std::int64_t bits) {
  if (cheer.anonymous) return {};
  return change.db.run(
      "INSERT INTO cheerers VALUES (?1, ?2, max(?3, 0)) ON CONFLICT (channel_id, user_id) DO UPDATE SET "
      "bits = max(bits + ?3, 0)",
      cheer.channel.value(), cheer.user.value(), bits);
}

Result<> check_not_banned(sqlite::Database& db, const Channel& channel, const User& user, Wall now) {
  SLUICE_TRY_VALUE(auto ban, db.query("SELECT 1 FROM bans WHERE channel_id = ? AND user_id = ? AND "
                                      "(until_ms IS NULL OR until_ms > ?)",
                                      channel.id.value(), user.id.value(), to_ms(now)));
  SLUICE_TRY_VALUE(const bool banned, ban.step());
  if (banned)
    return fail(Errc::denied, fmt::format("{} is banned from {}, or timed out", user.name, channel.name));
  return {};
}

Result<std::int64_t> bits_in(std::string_view text) {
  const std::int64_t bits = platform::cheered_bits(text);
  if (bits == 0)
    return fail(Errc::invalid, "the message has no cheer word",
                "write cheer and a number as one word: \"cheer100\"");
  if (bits > platform::most_bits)
    return fail(Errc::invalid, "the message cheers with too many bits",
                fmt::format("up to {} in one message", platform::most_bits));
  return bits;
}

// 128 random bits in the form that chat's other messages have (RFC 9562, version 4).
std::string new_message_id(Random& random) {
  std::string id;
  for (int half = 0; half < 2; ++half)
    id += fmt::format("{:016x}", (random.below(1ULL << 32) << 32) | random.below(1ULL << 32));
  id[12] = '4';
  id[16] = "89ab"[random.below(4)];
  for (const std::size_t at : {20, 16, 12, 8}) id.insert(at, 1, '-');
  return id;
}

// Takes the bits and keeps the cheer, in whatever state.
Result<Cheer> take(Change& change, const CheerOrder& order, const Channel& channel, const User& user,
                   CheerState state) {
  SLUICE_TRY_VALUE(const std::int64_t bits, bits_in(order.text));
  SLUICE_TRY_VALUE(const auto balance, balance_of(change.db, user.id));
  if (balance.value_or(0) < bits)
    return fail(Errc::conflict, fmt::format("{} has {} bits, and the message cheers with {}", user.name,
                                            balance.value_or(0), bits));
  SLUICE_TRY(
      change.db.run("UPDATE bits_balances SET bits = bits - ? WHERE user_id = ?", bits, user.id.value()));
  const std::string id = order.message_id.empty() ? new_message_id(change.random) : order.message_id;
  SLUICE_TRY(change.db.run("INSERT INTO cheers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, channel.id.value(),
                           user.id.value(), bits, std::int64_t{order.anonymous}, order.text, order.whole,
                           order.node, name(state), to_ms(change.now)));
  return cheer_by_message(change.db, id);
}

nlohmann::json payload_of(const Channel& channel, const User& user, const Cheer& cheer, std::int64_t total) {
  nlohmann::json payload = broadcaster_payload(channel);
  put_person(payload, "", cheer.anonymous ? User{} : user);
  payload["is_anonymous"] = cheer.anonymous;
  payload["bits"] = cheer.bits;
  payload["message_id"] = cheer.message_id;
  payload["cumulative_bits"] = cheer.anonymous ? nlohmann::json() : nlohmann::json(total);
  return payload;
}

AuditEntry entry_of(const Channel& channel, const User& user, const Cheer& cheer, const Actor& actor,
                    std::string_view action, std::string_view reason, std::string_view key) {
  AuditEntry entry = act_on(channel, user, actor, action, reason);
  nlohmann::json context{
      {"bits", cheer.bits}, {"anonymous", cheer.anonymous}, {"message_id", cheer.message_id}};
  if (!key.empty()) context["key"] = key;
  entry.context = one_line(context);
  return entry;
}

// The bits are the channel's.
Result<std::int64_t> book(Change& change, const Channel& channel, const User& user, const Cheer& cheer,
                          const Actor& actor, std::string_view key) {
  SLUICE_TRY(add_to_total(change, cheer, cheer.bits));
  SLUICE_TRY_VALUE(const std::int64_t total, total_of(change.db, channel.id, user.id));
  SLUICE_TRY(append_audit(change, entry_of(channel, user, cheer, actor, "bits.cheer", {}, key)));
  nlohmann::json payload = payload_of(channel, user, cheer, total);
  payload["message"] = cheer.text;
  SLUICE_TRY(change.emit("channel.cheer", channel.id, payload));
  return total;
}

Result<> move_to(Change& change, const Cheer& cheer, CheerState state) {
  return change.db.run("UPDATE cheers SET state = ? WHERE message_id = ?", name(state), cheer.message_id);
}

Result<bool> return_bits(Change& change, const Cheer& cheer, std::string_view reason, const Actor& actor) {
  if (cheer.state == CheerState::returned) return false;
  SLUICE_TRY(move_to(change, cheer, CheerState::returned));
  SLUICE_TRY(add_to_balance(change, cheer.user, cheer.bits));
  if (cheer.state == CheerState::reserved) return true;  // nobody was told of it
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, cheer.channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, cheer.user));
  SLUICE_TRY(add_to_total(change, cheer, -cheer.bits));
  SLUICE_TRY_VALUE(const std::int64_t total, total_of(change.db, channel.id, user.id));
  SLUICE_TRY(append_audit(change, entry_of(channel, user, cheer, actor, "bits.return", reason, {})));
  nlohmann::json payload = payload_of(channel, user, cheer, total);
  payload["reason"] = reason;
  SLUICE_TRY(change.emit("channel.cheer.return", channel.id, payload));
  return true;
}

Result<Cheered> as_it_is(sqlite::Database& db, Cheer cheer, bool repeated) {
  SLUICE_TRY_VALUE(const std::int64_t total, total_of(db, cheer.channel, cheer.user));
  SLUICE_TRY_VALUE(const auto balance, balance_of(db, cheer.user));
  return Cheered{std::move(cheer), total, balance.value_or(0), repeated};
}

Result<Cheered> make(Change& change, const CheerOrder& order, const Actor& actor, std::string_view key) {
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, order.channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, order.user));
  if (channel.owner == user.id)
    return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
  SLUICE_TRY(check_not_banned(change.db, channel, user, change.now));
  SLUICE_TRY_VALUE(Cheer cheer, take(change, order, channel, user, CheerState::paid));
  SLUICE_TRY(book(change, channel, user, cheer, actor, key));
  return as_it_is(change.db, std::move(cheer), false);
}

std::string select_cheerers(std::string_view rest) {
  return fmt::format(
      "SELECT t.channel_id, t.user_id, u.name, u.display_name, t.bits FROM cheerers t JOIN users u ON u.id = "
      "t.user_id WHERE t.bits > 0 AND {}",
      rest);
}

Cheerer cheerer_of(sqlite::Statement& row) {
  return {ChannelId(row.integer(0)), UserId(row.integer(1)), row.text(2), row.text(3), row.integer(4)};
}
}  // namespace

std::string_view name(CheerState state) {
  switch (state) {
    case CheerState::reserved:
      return "reserved";
    case CheerState::paid:
      return "paid";
    case CheerState::returned:
      break;
  }
  return "returned";
}

Result<> reserve_cheer(Change& change, const CheerOrder& order) {
  SLUICE_TRY_VALUE(const auto known, known_cheer(change.db, order.message_id));
  if (known) return {};
  SLUICE_TRY_VALUE(const auto balance, balance_of(change.db, order.user));
  if (!balance) return {};
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, order.channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, order.user));
  SLUICE_TRY(take(change, order, channel, user, CheerState::reserved));
  return {};
}

Result<> settle_cheer(Change& change, std::string_view message_id, bool allowed, const Actor& actor) {
  SLUICE_TRY_VALUE(const auto cheer, known_cheer(change.db, message_id));
  if (!cheer || cheer->state == CheerState::returned) return {};
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, cheer->channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, cheer->user));
  const bool said = allowed && check_not_banned(change.db, channel, user, change.now);
  if (!said) {
    SLUICE_TRY(return_bits(change, *cheer, "the message was not said", actor));
  } else if (cheer->state == CheerState::reserved) {
    SLUICE_TRY(move_to(change, *cheer, CheerState::paid));
    SLUICE_TRY(book(change, channel, user, *cheer, {user.id, user.name, "chat"}, {}));
  }
  return {};
}

Result<Granted> SqliteBits::grant(UserId user_id, std::int64_t bits, std::string_view typed,
                                  const Actor& actor, std::string_view key) {
  SLUICE_TRY_VALUE(const std::string reason, platform::reason(typed));
  if (bits < 1 || bits > platform::most_granted)
    return fail(Errc::invalid, fmt::format("{} bits cannot be granted at once", bits),
                fmt::format("1 to {}", platform::most_granted));
  return core_.write([&](Change& change) -> Result<Granted> {
    const std::string request = fmt::format("bits {} {}", user_id.value(), bits);
    SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
    if (earlier) return Granted{user_id, bits, earlier->value("balance", std::int64_t{0}), true};
    SLUICE_TRY_VALUE(const User user, user_by_id(change.db, user_id));
    SLUICE_TRY(add_to_balance(change, user_id, bits));
    SLUICE_TRY_VALUE(const auto balance, balance_of(change.db, user_id));
    AuditEntry entry{.actor = actor,
                     .action = "bits.grant",
                     .target_user = user.id,
                     .target = "user:" + user.name,
                     .reason = reason};
    nlohmann::json context{{"bits", bits}, {"balance", *balance}};
    if (!key.empty()) context["key"] = key;
    entry.context = one_line(context);
    SLUICE_TRY(append_audit(change, std::move(entry)));
    SLUICE_TRY(keep_answer(change, key, request, {{"balance", *balance}}));
    return Granted{user_id, bits, *balance, false};
  });
}

Result<std::optional<std::int64_t>> SqliteBits::balance(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::optional<std::int64_t>> {
    SLUICE_TRY(user_by_id(db, user));
    return balance_of(db, user);
  });
}

Result<Cheered> SqliteBits::cheer(const CheerOrder& typed, const Actor& actor, std::string_view key) {
  CheerOrder order = typed;
  SLUICE_TRY_VALUE(order.text, platform::share_text(typed.text));
  SLUICE_TRY(bits_in(order.text));
  return core_.write([&](Change& change) -> Result<Cheered> {
    const std::string request = fmt::format("cheer {} {} {} {}", order.channel.value(), order.user.value(),
                                            order.anonymous, order.text);
    SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
    const std::string id = earlier ? earlier->value("message_id", "") : order.message_id;
    SLUICE_TRY_VALUE(auto known, known_cheer(change.db, id));
    if (known) return as_it_is(change.db, *std::move(known), true);
    SLUICE_TRY_VALUE(Cheered made, make(change, order, actor, key));
    SLUICE_TRY(keep_answer(change, key, request, {{"message_id", made.cheer.message_id}}));
    return made;
  });
}

Result<Cheer> SqliteBits::by_message(std::string_view message_id) {
  return core_.read([&](sqlite::Database& db, Wall) { return cheer_by_message(db, message_id); });
}

Result<bool> SqliteBits::claim(std::string_view message_id, std::string_view node) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY(change.db.run("UPDATE cheers SET node = ? WHERE message_id = ? AND node IN ('', ?)", node,
                             message_id, node));
    return change.db.changes() > 0;
  });
}

Result<bool> SqliteBits::give_back(std::string_view message_id, std::string_view reason, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(const Cheer cheer, cheer_by_message(change.db, message_id));
    return return_bits(change, cheer, reason, actor);
  });
}

Result<std::vector<Cheerer>> SqliteBits::all(ChannelId channel, UserId user, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(select_cheerers("(t.channel_id, t.user_id) > (?, ?) ORDER BY t.channel_id, t.user_id "
                                 "LIMIT ?"),
                 channel.value(), user.value(), static_cast<std::int64_t>(limit)),
        cheerer_of);
  });
}

Result<std::vector<Cheerer>> SqliteBits::of_channel(ChannelId channel, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_cheerers("t.channel_id = ? ORDER BY t.bits DESC, t.user_id LIMIT ?"),
                            channel.value(), static_cast<std::int64_t>(limit)),
                   cheerer_of);
  });
}

Result<std::int64_t> SqliteBits::total(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) { return total_of(db, channel, user); });
}

}  // namespace sluice::store
