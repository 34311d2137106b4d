#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_cheers.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
constexpr int expired_at_once = 200, forgotten_at_once = 1000;  // a transaction: others write between two

std::string select_held(std::string_view rest) {
  return fmt::format(
      "SELECT h.number, h.id, h.channel_id, h.user_id, u.name, u.display_name, h.text, h.whole, h.reason, "
      "h.category, h.level, h.boundaries, h.held_ms, h.state, coalesce(h.by_id, 0), h.by_name, h.by_address, "
      "h.decided_ms FROM held_messages h JOIN users u ON u.id = h.user_id {}",
      rest);
}

HeldState state_named(std::string_view text) {
  for (HeldState state : {HeldState::held, HeldState::allowed, HeldState::denied})
    if (text == name(state)) return state;
  return HeldState::expired;
}

nlohmann::json to_json(const std::vector<Boundary>& boundaries) {
  nlohmann::json list = nlohmann::json::array();
  for (const Boundary& boundary : boundaries)
    list.push_back({{"start_pos", boundary.first}, {"end_pos", boundary.last}});
  return list;
}

std::vector<Boundary> boundaries_of(const std::string& text) {
  std::vector<Boundary> boundaries;
  for (auto& item : nlohmann::json::parse(text, nullptr, false))
    boundaries.push_back({item.value("start_pos", 0u), item.value("end_pos", 0u)});
  return boundaries;
}

HeldMessage held_of(sqlite::Statement& row) {
  return {.number = row.integer(0),
          .id = row.text(1),
          .channel = ChannelId(row.integer(2)),
          .user = UserId(row.integer(3)),
          .user_name = row.text(4),
          .user_display_name = row.text(5),
          .text = row.text(6),
          .whole = row.text(7),
          .reason = row.text(8),
          .category = row.text(9),
          .level = static_cast<int>(row.integer(10)),
          .boundaries = boundaries_of(row.text(11)),
          .held_at = from_ms(row.integer(12)),
          .state = state_named(row.text(13)),
          .decided_by = actor_at(row, 14),
          .decided_at = optional_wall(row, 17)};
}

Result<HeldMessage> held_by_id(sqlite::Database& db, std::string_view id) {
  return first(db.query(select_held("WHERE h.id = ?"), id), held_of, fmt::format("no held message {}", id));
}

// EventSub's status, whose words for what moderators do are others than Helix' ALLOW and DENY.
std::string_view status(HeldState state) {
  return state == HeldState::allowed ? "approved" : name(state);
}

void put_message(nlohmann::json& payload, const HeldMessage& message) {
  put_user(payload, "", {message.user, message.user_name, message.user_display_name, {}});
  payload["message_id"] = message.id;
  payload["message"] = {
      {"text", message.text},
      {"fragments",
       {{{"type", "text"}, {"text", message.text}, {"emote", nullptr}, {"cheermote", nullptr}}}}};
  payload["reason"] = message.reason;
  payload["automod"] = nullptr;
  payload["blocked_term"] = nullptr;
  if (message.reason == "automod") {
    payload["automod"] = {{"category", message.category},
                          {"level", message.level},
                          {"boundaries", to_json(message.boundaries)}};
  } else {
    nlohmann::json found = nlohmann::json::array();
    for (auto& boundary : to_json(message.boundaries)) found.push_back({{"boundary", boundary}});
    payload["blocked_term"] = {{"terms_found", found}};
  }
  payload["held_at"] = format_rfc3339(message.held_at);
}

Result<> emit_update(Change& change, const HeldMessage& message, const User& by) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, message.channel));
  nlohmann::json payload = act_payload(channel, by);
  put_message(payload, message);
  payload["status"] = status(message.state);
  SLUICE_TRY(change.emit("automod.message.update", message.channel, payload));
  return {};
}

std::string context_of(const HeldMessage& message) {
  return one_line({{"message_id", message.id},
                   {"text", message.text},
                   {"reason", message.reason},
                   {"category", message.category},
                   {"level", message.level},
                   {"boundaries", to_json(message.boundaries)},
                   {"held_at", format_rfc3339(message.held_at)}});
}

Result<> check_waits(const HeldMessage& message) {
  if (message.state == HeldState::held) return {};
  std::string when = format_rfc3339(message.decided_at.value_or(message.held_at));
  if (message.state == HeldState::expired)
    return fail(Errc::conflict, fmt::format("message {} expired at {}", message.id, when));
  return fail(Errc::conflict, fmt::format("message {} was {} by {} at {}", message.id, name(message.state),
                                          message.decided_by.name, when));
}

Result<HeldMessage> hold_one(Change& change, HeldMessage& message) {
  if (message.id.empty()) return fail(Errc::invalid, "a message has an id");
  if (message.reason != "automod" && message.reason != "blocked_term")
    return fail(Errc::invalid, fmt::format("a message is not held for \"{}\"", message.reason),
                "automod or blocked_term");
  SLUICE_TRY_VALUE(message.whole, one_line_object(message.whole));
  auto kept = held_by_id(change.db, message.id);
  if (kept || kept.error().code != Errc::not_found) return kept;
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, message.channel));
  SLUICE_TRY(user_by_id(change.db, message.user));
  if (message.cheers)
    SLUICE_TRY(reserve_cheer(change, {.channel = message.channel,
                                      .user = message.user,
                                      .text = message.text,
                                      .anonymous = message.anonymous,
                                      .message_id = message.id,
                                      .node = std::string(held_queue_says)}));
  SLUICE_TRY(change.db.run(
      "INSERT INTO held_messages (id, channel_id, user_id, text, whole, reason, category, level, boundaries, "
      "held_ms, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'held')",
      message.id, message.channel.value(), message.user.value(), message.text, message.whole, message.reason,
      message.category, std::int64_t{message.level}, one_line(to_json(message.boundaries)),
      to_ms(change.now)));
  SLUICE_TRY_VALUE(HeldMessage held, held_by_id(change.db, message.id));
  nlohmann::json payload = broadcaster_payload(channel);
  put_message(payload, held);
  SLUICE_TRY(change.emit("automod.message.hold", channel.id, payload));
  return held;
}

// Of one message; after any other error the transaction itself may be gone (a full disk).
bool is_refusal(const Error& error) {
  return error.code == Errc::invalid || error.code == Errc::not_found || error.code == Errc::conflict;
}

Result<> settle(Change& change, HeldMessage& message, HeldState state, const Actor& actor) {
  message.state = state;
  message.decided_by = actor;
  message.decided_at = change.now;
  return change.db.run(
      "UPDATE held_messages SET state = ?, by_id = ?, by_name = ?, by_address = ?, decided_ms = ?, whole = CASE "
      "WHEN json_valid(whole) THEN json_remove(whole, '$.address') ELSE whole END WHERE id = ?",
      name(state), null_if_zero(actor.user.value()), actor.name, actor.address, to_ms(change.now),
      message.id);
}
}  // namespace

std::string_view name(HeldState state) {
  switch (state) {
    case HeldState::held:
      return "held";
    case HeldState::allowed:
      return "allowed";
    case HeldState::denied:
      return "denied";
    case HeldState::expired:
      break;
  }
  return "expired";
}

Result<HeldMessage> HeldMessages::hold(HeldMessage message) {
  std::vector<HeldMessage> one;
  one.push_back(std::move(message));
  return std::move(hold_all(std::move(one)).front());
}

std::vector<Result<HeldMessage>> SqliteHeldMessages::hold_all(std::vector<HeldMessage> messages) {
  using Results = std::vector<Result<HeldMessage>>;
  auto all = core_.write([&](Change& change) -> Result<Results> {
    Results results;
    for (HeldMessage& message : messages) {
      SLUICE_TRY_VALUE(sqlite::Savepoint before, sqlite::Savepoint::begin(change.db));
      const std::optional<Cursor> emitted = change.emitted;
      results.push_back(hold_one(change, message));
      if (results.back()) {
        SLUICE_TRY(before.release());
        continue;
      }
      if (!is_refusal(results.back().error())) return std::unexpected(results.back().error());
      change.emitted = emitted;
    }
    return results;
  });
  if (all) return *std::move(all);
  return Results(messages.size(), Result<HeldMessage>(std::unexpected(all.error())));
}

Result<HeldMessage> SqliteHeldMessages::decide(std::string_view id, HeldVerdict verdict,
                                               std::string_view typed_reason, const Actor& actor) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<HeldMessage> {
    SLUICE_TRY_VALUE(HeldMessage message, held_by_id(change.db, id));
    SLUICE_TRY(check_waits(message));
    const bool allow = verdict == HeldVerdict::allow;
    SLUICE_TRY(settle(change, message, allow ? HeldState::allowed : HeldState::denied, actor));
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, message.channel));
    SLUICE_TRY_VALUE(User author, user_by_id(change.db, message.user));
    AuditEntry entry = act_on(channel, author, actor, allow ? "automod.allow" : "automod.deny", reason);
    entry.target = "message:" + message.id;
    entry.context = context_of(message);
    SLUICE_TRY(append_audit(change, std::move(entry)));
    SLUICE_TRY(settle_cheer(change, message, allow, actor));
    SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
    SLUICE_TRY(emit_update(change, message, by));
    return message;
  });
}

Result<HeldMessage> SqliteHeldMessages::by_id(std::string_view id) {
  return core_.read([&](sqlite::Database& db, Wall) { return held_by_id(db, id); });
}

Result<std::vector<HeldMessage>> SqliteHeldMessages::queue(ChannelId channel, std::int64_t after,
                                                           std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_held("WHERE h.state = 'held' AND h.channel_id = ? AND h.number > ? "
                                        "ORDER BY h.number LIMIT ?"),
                            channel.value(), after, static_cast<std::int64_t>(limit)),
                   held_of);
  });
}

Result<std::vector<HeldMessage>> SqliteHeldMessages::of_channel(ChannelId channel, UserId user, Wall from,
                                                                Wall until, std::int64_t after,
                                                                std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(select_held("WHERE h.channel_id = ? AND (? = 0 OR h.user_id = ?) AND h.held_ms >= ? AND "
                             "h.held_ms < ? AND h.number > ? ORDER BY h.number LIMIT ?"),
                 channel.value(), user.value(), user.value(), to_ms(from), to_ms(until), after,
                 static_cast<std::int64_t>(limit)),
        held_of);
  });
}

Result<std::size_t> SqliteHeldMessages::expire(Wall held_until) {
  for (std::size_t expired = 0;;) {
    auto some = core_.write([&](Change& change) -> Result<std::size_t> {
      SLUICE_TRY_VALUE(auto old,
                       collect(change.db.query(select_held("WHERE h.state = 'held' AND h.held_ms <= ? "
                                                           "ORDER BY h.number LIMIT ?"),
                                               to_ms(held_until), std::int64_t{expired_at_once}),
                               held_of));
      for (HeldMessage& message : old) {
        SLUICE_TRY(settle(change, message, HeldState::expired, Actor{}));
        SLUICE_TRY(settle_cheer(change, message, false, Actor{UserId(), "sluice", "local"}));
        SLUICE_TRY(emit_update(change, message, User{}));
      }
      return old.size();
    });
    if (!some) return some;
    expired += *some;
    if (*some < expired_at_once) return expired;
  }
}

Result<std::size_t> SqliteHeldMessages::forget(Wall held_before) {
  for (std::size_t forgotten = 0;;) {
    auto some = core_.write([&](Change& change) -> Result<std::size_t> {
      SLUICE_TRY(
          change.db.run("DELETE FROM held_messages WHERE number IN (SELECT number FROM held_messages WHERE "
                        "state <> 'held' AND held_ms < ? LIMIT ?)",
                        to_ms(held_before), std::int64_t{forgotten_at_once}));
      return static_cast<std::size_t>(change.db.changes());
    });
    if (!some) return some;
    forgotten += *some;
    if (*some < forgotten_at_once) return forgotten;
  }
}

}  // namespace sluice::store
