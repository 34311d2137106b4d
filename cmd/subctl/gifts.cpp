// gift: all at once, or none.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/run.hpp"
#include "each_user.hpp"

namespace sluice::subctl {

Result<int> gift(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings));
  SLUICE_TRY_VALUE(const store::User gifter, named_user(platform, settings.text("from")));
  SLUICE_TRY_VALUE(const std::vector<std::string> names, named_users(settings));
  if (names.empty() != settings.has("count"))
    return fail(Errc::usage, names.empty() ? "nobody to give to" : "both names and --count",
                "name the users, or say with --count how many followers are to have one");
  store::GiftOrder order{.channel = channel.id,
                         .gifter = gifter.id,
                         .anonymous = settings.flag("anonymous"),
                         .count = names.empty() ? static_cast<std::size_t>(settings.integer("count")) : 0};
  SLUICE_TRY_VALUE(order.plan, platform::parse_plan(settings.text("tier")));
  for (const std::string& name : names) {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
    order.recipients.push_back(user.id);
  }
  auto gift = platform.store->subscriptions().gift(order, platform.actor, settings.text("key"));
  if (!gift && gift.error().code == Errc::exists)
    gift.error().what = "ALREADY_SUBSCRIBED: " + gift.error().what;
  if (!gift) return std::unexpected(std::move(gift).error());

  std::vector<std::string> given;
  app::Json list = app::Json::array();
  for (const store::Subscription& each : gift->subscriptions) {
    given.push_back(each.user_name);
    list.push_back(json_of(each, system_clock().wall()));
  }
  tell(settings,
       {{"gift_id", std::to_string(gift->id.value())},
        {"channel", channel.name},
        {"from", gifter.name},
        {"anonymous", order.anonymous},
        {"total", gift->total},
        {"repeated", gift->repeated},
        {"subscriptions", list}},
       fmt::format("{} has given subscriptions to {} to: {}{}", gifter.name, channel.name,
                   fmt::join(given, ", "), gift->repeated ? ", as before" : ""));
  return app::exit_done;
}

}  // namespace sluice::subctl
