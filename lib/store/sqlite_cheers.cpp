#include "store/sqlite_cheers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/bits.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
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

// 128 random bits in the form of a UUID, as chat's other messages have it (RFC 9562, version 4).
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
    return fail(
        Errc::conflict,
        fmt::format("{} has {} bits, and the message cheers with {}", user.name, balance.value_or(0), bits),
        fmt::format("subctl bits grant {} gives more", user.name));
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

// Where it was said, as chat has put it there.
std::string address_in(const std::string& whole) {
  const auto said = nlohmann::json::parse(whole, nullptr, false);
  const auto address = said.is_object() ? said.find("address") : said.end();
  return address != said.end() && address->is_string() ? address->get<std::string>() : "chat";
}

// Its address is in the audit log then, and nowhere else.
Result<> move_to(Change& change, const Cheer& cheer, CheerState state) {
  return change.db.run(
      "UPDATE cheers SET state = ?, whole = CASE WHEN json_valid(whole) THEN json_remove(whole, '$.address') "
      "ELSE whole END WHERE message_id = ?",
      name(state), cheer.message_id);
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

Result<Cheer> pay_cheer(Change& change, const CheerOrder& order, const Actor& actor, std::string_view key) {
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, order.channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, order.user));
  if (channel.owner == user.id)
    return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
  SLUICE_TRY(check_not_banned(change.db, channel, user, change.now));
  SLUICE_TRY_VALUE(Cheer cheer, take(change, order, channel, user, CheerState::paid));
  SLUICE_TRY(book(change, channel, user, cheer, actor, key));
  return cheer;
}

Result<bool> return_cheer(Change& change, const Cheer& cheer, std::string_view reason, const Actor& actor) {
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

Result<> reserve_cheer(Change& change, const CheerOrder& order) {
  SLUICE_TRY_VALUE(const auto known, known_cheer(change.db, order.message_id));
  if (known) return {};
  SLUICE_TRY_VALUE(const auto balance, balance_of(change.db, order.user));
  if (!balance && !order.anonymous) return {};
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, order.channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, order.user));
  SLUICE_TRY(take(change, order, channel, user, CheerState::reserved));
  return {};
}

Result<> settle_cheer(Change& change, const HeldMessage& message, bool allowed, const Actor& actor) {
  SLUICE_TRY_VALUE(const auto cheer, known_cheer(change.db, message.id));
  if (!cheer || cheer->state == CheerState::returned) return {};
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, cheer->channel));
  SLUICE_TRY_VALUE(const User user, user_by_id(change.db, cheer->user));
  const bool said = allowed && check_not_banned(change.db, channel, user, change.now);
  if (!said) {
    SLUICE_TRY(return_cheer(change, *cheer, "the message was not said", actor));
  } else if (cheer->state == CheerState::reserved) {
    SLUICE_TRY(move_to(change, *cheer, CheerState::paid));
    SLUICE_TRY(book(change, channel, user, *cheer, {user.id, user.name, address_in(message.whole)}, {}));
  }
  return {};
}

}  // namespace sluice::store
