// tiers, subscribe, renew, share, cancel, list, show.
#include <fmt/format.h>

#include "app/run.hpp"
#include "each_user.hpp"

namespace sluice::subctl {

namespace {
constexpr std::size_t subscriptions_at_once = 1000;

std::string in_words(platform::Plan plan) {
  return plan == platform::Plan::prime ? "prime" : fmt::format("tier {}", platform::tier(plan));
}

std::string price(const platform::Tier& tier) {
  return fmt::format("{}.{:02}", tier.price_cents / 100, tier.price_cents % 100);
}

Outcome outcome_of(const store::Subscribed& subscribed) {
  const store::Subscription& made = subscribed.subscription;
  app::Json object = json_of(made, system_clock().wall());
  object["repeated"] = subscribed.repeated;
  return {fmt::format("{} is subscribed to {} ({}) until {}: month {}{}", made.user_name, made.channel_name,
                      in_words(made.plan), format_rfc3339(made.expires_at), made.months,
                      subscribed.repeated ? ", as before" : ""),
          std::move(object)};
}

// An API's clients know this refusal by its name.
template <class T>
Result<T> as_known(Result<T> result) {
  if (!result && result.error().code == Errc::exists)
    result.error().what = "ALREADY_SUBSCRIBED: " + result.error().what;
  return result;
}
}  // namespace

Result<int> tiers(const app::Settings& settings, Platform&) {
  std::vector<std::vector<std::string>> rows{{"TIER", "PLAN", "USD A MONTH", "EMOTES"}};
  for (const platform::Tier& tier : platform::tiers()) {
    const int number = platform::tier(tier.plan);
    if (settings.flag("json"))
      app::print_json({{"tier", number},
                       {"plan", platform::name(tier.plan)},
                       {"title", tier.title},
                       {"price_cents", tier.price_cents},
                       {"currency", "USD"},
                       {"emotes", tier.emotes}});
    rows.push_back({std::to_string(number), std::string(platform::name(tier.plan)), price(tier),
                    std::to_string(tier.emotes)});
  }
  if (!settings.flag("json")) app::print_table(rows);
  return app::exit_done;
}

Result<int> subscribe(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(const platform::Plan plan, platform::parse_plan(settings.text("tier")));
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const store::Subscribed made,
                     as_known(platform.store->subscriptions().subscribe(
                         channel.id, user.id, plan, platform.actor, key_for(settings, user))));
    return outcome_of(made);
  });
}

Result<int> renew(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(const auto before, platform.store->subscriptions().find(channel.id, user.id));
    platform::Plan plan = before ? before->plan : platform::Plan::tier1;
    if (settings.has("tier")) {
      SLUICE_TRY_VALUE(plan, platform::parse_plan(settings.text("tier")));
    }
    SLUICE_TRY_VALUE(const store::Subscribed made,
                     platform.store->subscriptions().renew(channel.id, user.id, plan, platform.actor,
                                                           key_for(settings, user)));
    return outcome_of(made);
  });
}

Result<int> share(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(const store::Subscription shared,
                   platform.store->subscriptions().share(channel.id, user.id, settings.text("message"),
                                                         settings.flag("streak")));
  tell(settings, json_of(shared, system_clock().wall()),
       fmt::format("{} has told {} of month {}", user.name, channel.name, shared.months));
  return app::exit_done;
}

Result<int> cancel(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  return act_on_each(settings, platform, [&](const store::User& user) -> Result<Outcome> {
    SLUICE_TRY_VALUE(
        const store::Subscription ended,
        platform.store->subscriptions().cancel(channel.id, user.id, settings.text("reason"), platform.actor));
    return Outcome{fmt::format("{} is subscribed to {} no more", user.name, channel.name),
                   json_of(ended, system_clock().wall())};
  });
}

Result<int> list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  const bool json = settings.flag("json");
  const Wall now = system_clock().wall();
  std::vector<std::vector<std::string>> rows{{"NAME", "PLAN", "MONTHS", "STREAK", "UNTIL"}};
  UserId after;
  for (auto left = static_cast<std::size_t>(settings.integer("limit")); left > 0;) {
    SLUICE_TRY_VALUE(const std::vector<store::Subscription> some,
                     platform.store->subscriptions().of_channel(channel.id, after, std::min(left, subscriptions_at_once)));
    for (const store::Subscription& each : some) {
      if (json) app::print_json(json_of(each, now));
      if (!json)
        rows.push_back({each.user_name, std::string(platform::name(each.plan)), std::to_string(each.months),
                        std::to_string(each.streak), format_rfc3339(each.expires_at)});
    }
    if (some.empty()) break;
    after = some.back().user;
    left -= some.size();
  }
  if (!json) app::print_table(rows);
  return app::exit_done;
}

Result<int> show(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(const auto since, platform.store->follows().since(channel.id, user.id));
  SLUICE_TRY_VALUE(const auto subscription, platform.store->subscriptions().find(channel.id, user.id));
  const Wall now = system_clock().wall();
  if (settings.flag("json")) {
    app::print_json({{"channel", channel.name},
                     {"user", user.name},
                     {"follows_since", since ? app::Json(format_rfc3339(*since)) : app::Json()},
                     {"subscription", subscription ? json_of(*subscription, now) : app::Json()}});
    return app::exit_done;
  }
  std::vector<std::vector<std::string>> rows{{"channel", channel.name},
                                             {"user", user.name},
                                             {"follows", since ? "since " + format_rfc3339(*since) : "no"}};
  if (!subscription) {
    rows.push_back({"subscribed", "never"});
  } else {
    rows.push_back(
        {"subscribed",
         fmt::format("{}{} {}", subscription->active(now) ? "" : "no; ", in_words(subscription->plan),
                     subscription->active(now) ? "until " + format_rfc3339(subscription->expires_at)
                                               : "ended " + format_rfc3339(subscription->expires_at))});
    rows.push_back({"months", std::to_string(subscription->months)});
    rows.push_back({"in a row", std::to_string(subscription->streak)});
    rows.push_back({"gift", subscription->gift == store::GiftId() ? "no" : "yes"});
  }
  app::print_table(rows);
  return app::exit_done;
}

}  // namespace sluice::subctl
