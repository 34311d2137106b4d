// Subscriptions that one user gives to others.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_idempotency.hpp"
#include "store/sqlite_subscription_rows.hpp"

namespace sluice::store {

namespace {
std::string request_of(const GiftOrder& order) {
  std::string request = fmt::format("gift {} {} {} {} {}", order.channel.value(), order.gifter.value(),
                                    order.anonymous, platform::name(order.plan), order.count);
  for (const UserId user : order.recipients) request += fmt::format(" {}", user.value());
  return request;
}

Result<> check(const GiftOrder& order) {
  const std::size_t count = order.recipients.empty() ? order.count : order.recipients.size();
  if (count == 0 || count > platform::most_gifts)
    return fail(Errc::invalid, fmt::format("{} gifts cannot be given at once", count),
                fmt::format("1 to {}", platform::most_gifts));
  if (std::set(order.recipients.begin(), order.recipients.end()).size() != order.recipients.size())
    return fail(Errc::invalid, "one user cannot be given two subscriptions at once", "name each once");
  if (std::ranges::find(order.recipients, order.gifter) != order.recipients.end())
    return fail(Errc::invalid, "nobody can make a gift to oneself", "subscribe instead");
  return {};
}

// So many followers as chance has it, of those who are not subscribed, not banned, and not the giver.
Result<std::vector<UserId>> draw(Change& change, const GiftOrder& order) {
  SLUICE_TRY_VALUE(
      std::vector<UserId> urn,
      collect(change.db.query(
                  "SELECT f.user_id FROM follows f WHERE f.channel_id = ?1 AND f.user_id <> ?2 "
                  "AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.channel_id = ?1 AND "
                  "s.user_id = f.user_id AND NOT s.ended AND s.expires_ms > ?3) "
                  "AND NOT EXISTS (SELECT 1 FROM bans b WHERE b.channel_id = ?1 AND b.user_id = f.user_id "
                  "AND (b.until_ms IS NULL OR b.until_ms > ?3)) ORDER BY f.user_id",
                  order.channel.value(), order.gifter.value(), to_ms(change.now)),
              [](auto& row) { return UserId(row.integer(0)); }));
  if (urn.size() < order.count)
    return fail(Errc::conflict, fmt::format("only {} followers could be given a subscription", urn.size()),
                "give fewer, or name who is to have one");
  for (std::size_t i = 0; i < order.count; ++i)
    std::swap(urn[i], urn[i + static_cast<std::size_t>(change.random.below(urn.size() - i))]);
  urn.resize(order.count);
  return urn;
}

Result<std::int64_t> given_so_far(sqlite::Database& db, const GiftOrder& order) {
  return first(
      db.query("SELECT coalesce(sum(count), 0) FROM gifts WHERE gifter_id = ? AND channel_id = ?",
               order.gifter.value(), order.channel.value()),
      [](auto& row) { return row.integer(0); }, "");
}

// What each event of the gift says of the giver.
nlohmann::json told_of(const Channel& channel, const GiftOrder& order, const User& gifter, const Gift& gift,
                       std::string_view prefix) {
  nlohmann::json payload = broadcaster_payload(channel);
  put_person(payload, prefix, order.anonymous ? User{} : gifter);
  payload["is_anonymous"] = order.anonymous;
  payload["gift_id"] = std::to_string(gift.id.value());
  payload["cumulative_total"] = order.anonymous ? nlohmann::json() : nlohmann::json(gift.total);
  payload["is_community_gift"] = order.count > 0;
  return payload;
}

Result<Subscription> give(Change& change, const Channel& channel, const GiftOrder& order, const Gift& gift,
                          const User& user) {
  if (channel.owner == user.id)
    return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
  SLUICE_TRY_VALUE(const auto before, find_subscription(change.db, channel.id, user.id));
  if (before && before->active(change.now))
    return fail(Errc::exists, fmt::format("{} is subscribed to {} already", user.name, channel.name));
  if (before && !before->ended) SLUICE_TRY(tell_end(change, *before, "expired"));
  Subscription given = next_month(before,
                                  {.channel = channel.id,
                                   .channel_name = channel.name,
                                   .user = user.id,
                                   .user_name = user.name,
                                   .user_display_name = user.display_name,
                                   .plan = order.plan,
                                   .gift = gift.id},
                                  change.now);
  given.shared = true;
  SLUICE_TRY(put(change, given));
  return given;
}

Result<> audit(Change& change, const Channel& channel, const GiftOrder& order, const User& gifter,
               const Gift& gift, const Actor& actor, std::string_view key) {
  AuditEntry entry = act_in(channel, actor, "subscription.gift");
  nlohmann::json context{{"gift_id", gift.id.value()},
                         {"gifter", gifter.name},
                         {"anonymous", order.anonymous},
                         {"plan", platform::name(order.plan)}};
  if (!key.empty()) context["key"] = key;
  for (const Subscription& each : gift.subscriptions) context["recipients"].push_back(each.user_name);
  entry.context = one_line(context);
  entry.expires_at = gift.subscriptions.front().expires_at;
  if (gift.subscriptions.size() == 1) {
    entry.target_user = gift.subscriptions.front().user;
    entry.target = "user:" + gift.subscriptions.front().user_name;
  }
  SLUICE_TRY(append_audit(change, std::move(entry)));
  return {};
}

Result<Gift> make(Change& change, const GiftOrder& order, const Actor& actor, std::string_view key) {
  SLUICE_TRY_VALUE(const Channel channel, channel_by_id(change.db, order.channel));
  SLUICE_TRY_VALUE(const User gifter, user_by_id(change.db, order.gifter));
  std::vector<UserId> recipients = order.recipients;
  if (order.count > 0) {
    SLUICE_TRY_VALUE(recipients, draw(change, order));
  }
  SLUICE_TRY(change.db.run(
      "INSERT INTO gifts (channel_id, gifter_id, anonymous, community, plan, count, "
      "at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
      channel.id.value(), gifter.id.value(), std::int64_t{order.anonymous}, std::int64_t{order.count > 0},
      platform::name(order.plan), static_cast<std::int64_t>(recipients.size()), to_ms(change.now)));
  Gift gift{.id = GiftId(change.db.last_row_id())};
  SLUICE_TRY_VALUE(gift.total, given_so_far(change.db, order));
  std::vector<User> users;
  for (const UserId id : recipients) {
    SLUICE_TRY_VALUE(User user, user_by_id(change.db, id));
    SLUICE_TRY_VALUE(Subscription given, give(change, channel, order, gift, user));
    gift.subscriptions.push_back(std::move(given));
    users.push_back(std::move(user));
  }
  SLUICE_TRY(audit(change, channel, order, gifter, gift, actor, key));

  nlohmann::json whole = told_of(channel, order, gifter, gift, "");
  whole["total"] = recipients.size();
  whole["tier"] = platform::tier_name(order.plan);
  whole["plan"] = platform::name(order.plan);
  SLUICE_TRY(change.emit("channel.subscription.gift", channel.id, whole));
  for (std::size_t i = 0; i < users.size(); ++i) {
    nlohmann::json payload = told_of(channel, order, gifter, gift, "gifter_");
    put_person(payload, "", users[i]);
    put_plan(payload, gift.subscriptions[i]);
    payload["is_gift"] = true;
    SLUICE_TRY(change.emit("channel.subscribe", channel.id, payload));
  }
  return gift;
}

nlohmann::json to_kept(const Gift& gift) {
  nlohmann::json list = nlohmann::json::array();
  for (const Subscription& each : gift.subscriptions) list.push_back(to_kept(each));
  return {{"id", gift.id.value()}, {"total", gift.total}, {"subscriptions", list}};
}

Result<Gift> gift_from_kept(const nlohmann::json& kept) try {
  Gift gift{.id = GiftId(kept.at("id").get<std::int64_t>()), .total = kept.at("total"), .repeated = true};
  for (const nlohmann::json& each : kept.at("subscriptions")) {
    SLUICE_TRY_VALUE(Subscription subscription, from_kept(each));
    gift.subscriptions.push_back(std::move(subscription));
  }
  return gift;
} catch (const nlohmann::json::exception&) {
  return fail(Errc::io, "what the idempotency key keeps is damaged");
}
}  // namespace

Result<Gift> SqliteSubscriptions::gift(const GiftOrder& order, const Actor& actor, std::string_view key) {
  SLUICE_TRY(check(order));
  return core_.write([&](Change& change) -> Result<Gift> {
    const std::string request = request_of(order);
    SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
    if (earlier) return gift_from_kept(*earlier);
    SLUICE_TRY_VALUE(Gift gift, make(change, order, actor, key));
    SLUICE_TRY(keep_answer(change, key, request, to_kept(gift)));
    return gift;
  });
}

}  // namespace sluice::store
