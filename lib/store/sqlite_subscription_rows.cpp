#include "store/sqlite_subscription_rows.hpp"

#include <fmt/format.h>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

std::string select_subscriptions(std::string_view rest) {
  return fmt::format(
      "SELECT s.channel_id, c.name, s.user_id, u.name, u.display_name, s.plan, s.since_ms, s.expires_ms, "
      "s.months, s.streak, s.shared_months, coalesce(s.gift_id, 0), s.ended, s.founder FROM subscriptions s "
      "JOIN channels c ON c.id = s.channel_id JOIN users u ON u.id = s.user_id {}",
      rest);
}

Subscription subscription_of(sqlite::Statement& row) {
  return {.channel = ChannelId(row.integer(0)),
          .channel_name = row.text(1),
          .user = UserId(row.integer(2)),
          .user_name = row.text(3),
          .user_display_name = row.text(4),
          .plan = platform::parse_plan(row.text(5)).value_or(platform::Plan::tier1),
          .since = from_ms(row.integer(6)),
          .expires_at = from_ms(row.integer(7)),
          .months = row.integer(8),
          .streak = row.integer(9),
          .shared = row.integer(10) >= row.integer(8),
          .gift = GiftId(row.integer(11)),
          .ended = row.integer(12) != 0,
          .founder = row.integer(13) != 0};
}

Result<std::optional<Subscription>> find_subscription(sqlite::Database& db, ChannelId channel, UserId user) {
  SLUICE_TRY_VALUE(auto rows,
                   collect(db.query(select_subscriptions("WHERE s.channel_id = ? AND s.user_id = ?"),
                                    channel.value(), user.value()),
                           subscription_of));
  return rows.empty() ? std::nullopt : std::optional(std::move(rows.front()));
}

Result<> put(Change& change, const Subscription& subscription) {
  return change.db.run(
      "INSERT OR REPLACE INTO subscriptions (channel_id, user_id, plan, since_ms, expires_ms, months, "
      "streak, shared_months, gift_id, ended, founder) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      subscription.channel.value(), subscription.user.value(), platform::name(subscription.plan),
      to_ms(subscription.since), to_ms(subscription.expires_at), subscription.months, subscription.streak,
      subscription.shared ? subscription.months : subscription.months - 1,
      null_if_zero(subscription.gift.value()), std::int64_t{subscription.ended},
      std::int64_t{subscription.founder});
}

nlohmann::json to_kept(const Subscription& subscription) {
  return {{"channel_id", subscription.channel.value()},
          {"channel", subscription.channel_name},
          {"user_id", subscription.user.value()},
          {"login", subscription.user_name},
          {"name", subscription.user_display_name},
          {"plan", platform::name(subscription.plan)},
          {"since_ms", to_ms(subscription.since)},
          {"expires_ms", to_ms(subscription.expires_at)},
          {"months", subscription.months},
          {"streak", subscription.streak},
          {"shared", subscription.shared},
          {"gift", subscription.gift.value()},
          {"founder", subscription.founder}};
}

Result<Subscription> from_kept(const nlohmann::json& kept) try {
  SLUICE_TRY_VALUE(const platform::Plan plan, platform::parse_plan(kept.at("plan").get<std::string>()));
  return Subscription{.channel = ChannelId(kept.at("channel_id").get<std::int64_t>()),
                      .channel_name = kept.at("channel"),
                      .user = UserId(kept.at("user_id").get<std::int64_t>()),
                      .user_name = kept.at("login"),
                      .user_display_name = kept.at("name"),
                      .plan = plan,
                      .since = from_ms(kept.at("since_ms")),
                      .expires_at = from_ms(kept.at("expires_ms")),
                      .months = kept.at("months"),
                      .streak = kept.at("streak"),
                      .shared = kept.at("shared"),
                      .gift = GiftId(kept.at("gift").get<std::int64_t>()),
                      .founder = kept.value("founder", false)};
} catch (const nlohmann::json::exception&) {
  return fail(Errc::io, "what the idempotency key keeps is damaged");
}

Subscription next_month(const std::optional<Subscription>& before, const Subscription& fresh, Wall now) {
  Subscription next = fresh;
  const bool goes_on = before && before->active(now);
  next.since = goes_on ? before->since : now;
  next.expires_at = platform::month_after(goes_on ? before->expires_at : now);
  next.months = before ? before->months + 1 : 1;
  next.founder = before && before->founder;
  next.streak = before && now < before->expires_at + streak_grace ? before->streak + 1 : 1;
  return next;
}

Result<> make_founder(Change& change, Subscription& paid) {
  if (paid.founder) return {};
  SLUICE_TRY_VALUE(const std::int64_t founders,
                   first(
                       change.db.query("SELECT count(*) FROM subscriptions WHERE channel_id = ? AND founder",
                                       paid.channel.value()),
                       [](auto& row) { return row.integer(0); }, ""));
  paid.founder = founders < most_founders;
  return {};
}

void put_person(nlohmann::json& payload, std::string_view prefix, const User& user) {
  put_user(payload, prefix, user);
  payload[std::string(prefix) + "user_color"] = user.color;
}

void put_plan(nlohmann::json& payload, const Subscription& subscription) {
  payload["tier"] = platform::tier_name(subscription.plan);
  payload["plan"] = platform::name(subscription.plan);
  payload["cumulative_months"] = subscription.months;
  payload["streak_months"] = subscription.streak;
  payload["is_founder"] = subscription.founder;
  payload["expires_at"] = format_rfc3339(subscription.expires_at);
}

Result<> tell_end(Change& change, const Subscription& subscription, std::string_view reason) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, subscription.channel));
  SLUICE_TRY_VALUE(User user, user_by_id(change.db, subscription.user));
  nlohmann::json payload = broadcaster_payload(channel);
  put_user(payload, "", user);
  payload["tier"] = platform::tier_name(subscription.plan);
  payload["is_gift"] = subscription.gift != GiftId();
  payload["reason"] = reason;
  SLUICE_TRY(change.emit("channel.subscription.end", channel.id, payload));
  return {};
}

}  // namespace sluice::store
