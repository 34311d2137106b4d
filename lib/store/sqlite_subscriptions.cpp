#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_idempotency.hpp"
#include "store/sqlite_subscription_rows.hpp"

namespace sluice::store {

namespace {
struct Parties {
  Channel channel;
  User user;
  std::optional<Subscription> before;
};

Result<Parties> parties(Change& change, ChannelId channel_id, UserId user_id) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
  SLUICE_TRY_VALUE(User user, user_by_id(change.db, user_id));
  if (channel.owner == user_id)
    return fail(Errc::invalid, fmt::format("{} is the broadcaster of {}", user.name, channel.name));
  SLUICE_TRY_VALUE(auto before, find_subscription(change.db, channel_id, user_id));
  return Parties{std::move(channel), std::move(user), std::move(before)};
}

std::unexpected<Error> not_subscribed(const Parties& of) {
  return fail(Errc::conflict, fmt::format("{} is not subscribed to {}", of.user.name, of.channel.name));
}

// What is paid for, before it is known whether it goes on from what was there.
Subscription fresh(const Parties& of, platform::Plan plan) {
  return {.channel = of.channel.id,
          .channel_name = of.channel.name,
          .user = of.user.id,
          .user_name = of.user.name,
          .user_display_name = of.user.display_name,
          .plan = plan};
}

Result<> audit(Change& change, const Parties& of, const Subscription& subscription, const Actor& actor,
               std::string_view action, std::string_view key) {
  AuditEntry entry = act_on(of.channel, of.user, actor, action, {});
  entry.expires_at = subscription.expires_at;
  nlohmann::json context{{"plan", platform::name(subscription.plan)}, {"months", subscription.months}};
  if (!key.empty()) context["key"] = key;
  entry.context = one_line(context);
  SLUICE_TRY(append_audit(change, std::move(entry)));
  return {};
}

Result<> tell(Change& change, const Parties& of, const Subscription& subscription, std::string_view event) {
  nlohmann::json payload = broadcaster_payload(of.channel);
  put_person(payload, "", of.user);
  put_plan(payload, subscription);
  if (event == "channel.subscribe") payload["is_gift"] = false;
  SLUICE_TRY(change.emit(event, of.channel.id, payload));
  return {};
}

// body(Change&) → Result<Subscription>, once for the key.
template <class Body>
Result<Subscribed> once(Change& change, std::string_view key, const std::string& request, const Body& body) {
  SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
  if (earlier) {
    SLUICE_TRY_VALUE(Subscription kept, from_kept(*earlier));
    return Subscribed{std::move(kept), true};
  }
  SLUICE_TRY_VALUE(Subscription made, body());
  SLUICE_TRY(keep_answer(change, key, request, to_kept(made)));
  return Subscribed{std::move(made), false};
}

std::string request_of(std::string_view what, ChannelId channel, UserId user, platform::Plan plan) {
  return fmt::format("{} {} {} {}", what, channel.value(), user.value(), platform::name(plan));
}
}  // namespace

Result<Subscribed> SqliteSubscriptions::subscribe(ChannelId channel, UserId user, platform::Plan plan,
                                                  const Actor& actor, std::string_view key) {
  return core_.write([&](Change& change) {
    return once(change, key, request_of("subscribe", channel, user, plan), [&]() -> Result<Subscription> {
      SLUICE_TRY_VALUE(const Parties of, parties(change, channel, user));
      if (of.before && of.before->active(change.now))
        return fail(Errc::exists,
                    fmt::format("{} is subscribed to {} already", of.user.name, of.channel.name),
                    fmt::format("until {}; renew makes it longer", format_rfc3339(of.before->expires_at)));
      if (of.before && !of.before->ended) SLUICE_TRY(tell_end(change, *of.before, "expired"));
      Subscription made = next_month(of.before, fresh(of, plan), change.now);
      made.shared = true;  // the room hears of it as it begins
      SLUICE_TRY(make_founder(change, made));
      SLUICE_TRY(put(change, made));
      SLUICE_TRY(audit(change, of, made, actor, "subscription.create", key));
      SLUICE_TRY(tell(change, of, made, "channel.subscribe"));
      return made;
    });
  });
}

Result<Subscribed> SqliteSubscriptions::renew(ChannelId channel, UserId user, platform::Plan plan,
                                              const Actor& actor, std::string_view key) {
  return core_.write([&](Change& change) {
    return once(change, key, request_of("renew", channel, user, plan), [&]() -> Result<Subscription> {
      SLUICE_TRY_VALUE(const Parties of, parties(change, channel, user));
      if (!of.before || !of.before->active(change.now)) return not_subscribed(of);
      Subscription made = next_month(of.before, fresh(of, plan), change.now);
      SLUICE_TRY(make_founder(change, made));
      SLUICE_TRY(put(change, made));
      SLUICE_TRY(audit(change, of, made, actor, "subscription.renew", key));
      SLUICE_TRY(tell(change, of, made, "channel.subscription.renew"));
      return made;
    });
  });
}

Result<Subscription> SqliteSubscriptions::cancel(ChannelId channel, UserId user, std::string_view typed,
                                                 const Actor& actor) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed));
  return core_.write([&](Change& change) -> Result<Subscription> {
    SLUICE_TRY_VALUE(const Parties of, parties(change, channel, user));
    if (!of.before || !of.before->active(change.now)) return not_subscribed(of);
    Subscription ended = *of.before;
    ended.expires_at = change.now;
    ended.ended = true;
    SLUICE_TRY(put(change, ended));
    SLUICE_TRY(append_audit(change, act_on(of.channel, of.user, actor, "subscription.cancel", reason)));
    SLUICE_TRY(tell_end(change, ended, "cancelled"));
    return ended;
  });
}

Result<Subscription> SqliteSubscriptions::share(ChannelId channel, UserId user, std::string_view typed,
                                                bool with_streak) {
  SLUICE_TRY_VALUE(std::string text, platform::share_text(typed));
  return core_.write([&](Change& change) -> Result<Subscription> {
    SLUICE_TRY_VALUE(const Parties of, parties(change, channel, user));
    if (!of.before || !of.before->active(change.now)) return not_subscribed(of);
    Subscription shared = *of.before;
    if (shared.shared)
      return fail(Errc::conflict,
                  fmt::format("{} has told {} of this month already", of.user.name, of.channel.name),
                  "each month that was renewed can be told once");
    shared.shared = true;
    SLUICE_TRY(put(change, shared));
    nlohmann::json payload = broadcaster_payload(of.channel);
    put_person(payload, "", of.user);
    put_plan(payload, shared);
    if (!with_streak) payload["streak_months"] = nullptr;
    payload["duration_months"] = 1;
    payload["message"] = {{"text", text}, {"emotes", nullptr}};
    SLUICE_TRY(change.emit("channel.subscription.message", of.channel.id, payload));
    return shared;
  });
}

Result<std::size_t> SqliteSubscriptions::end_lapsed(std::size_t limit) {
  const auto lapsed = [limit](sqlite::Database& db, Wall now) {
    return collect(db.query(select_subscriptions(
                                "WHERE NOT s.ended AND s.expires_ms <= ? ORDER BY s.expires_ms LIMIT ?"),
                            to_ms(now), static_cast<std::int64_t>(limit)),
                   subscription_of);
  };
  // Most of the time there are none, and nobody need wait for this to find that.
  SLUICE_TRY_VALUE(const std::vector<Subscription> some, core_.read(lapsed));
  if (some.empty()) return 0;
  return core_.write([&](Change& change) -> Result<std::size_t> {
    SLUICE_TRY_VALUE(std::vector<Subscription> over, lapsed(change.db, change.now));
    for (Subscription& subscription : over) {
      subscription.ended = true;
      SLUICE_TRY(put(change, subscription));
      SLUICE_TRY(tell_end(change, subscription, "expired"));
    }
    return over.size();
  });
}

Result<std::optional<Subscription>> SqliteSubscriptions::find(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) { return find_subscription(db, channel, user); });
}

Result<std::vector<Subscription>> SqliteSubscriptions::all(ChannelId channel, UserId user,
                                                           std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return collect(
        db.query(select_subscriptions("WHERE (s.channel_id, s.user_id) > (?, ?) AND NOT s.ended AND "
                                      "s.expires_ms > ? ORDER BY s.channel_id, s.user_id LIMIT ?"),
                 channel.value(), user.value(), to_ms(now), static_cast<std::int64_t>(limit)),
        subscription_of);
  });
}

Result<std::vector<Subscription>> SqliteSubscriptions::of_channel(ChannelId channel, UserId after,
                                                                  std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return collect(db.query(select_subscriptions("WHERE s.channel_id = ? AND s.user_id > ? AND NOT s.ended "
                                                 "AND s.expires_ms > ? ORDER BY s.user_id LIMIT ?"),
                            channel.value(), after.value(), to_ms(now), static_cast<std::int64_t>(limit)),
                   subscription_of);
  });
}

Result<std::int64_t> SqliteSubscriptions::count(ChannelId channel) {
  return core_.read([&](sqlite::Database& db, Wall now) {
    return first(
        db.query("SELECT count(*) FROM subscriptions WHERE channel_id = ? AND NOT ended AND expires_ms > ?",
                 channel.value(), to_ms(now)),
        [](auto& row) { return row.integer(0); }, "");
  });
}

}  // namespace sluice::store
