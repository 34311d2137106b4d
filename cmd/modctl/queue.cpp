// queue: the messages that AutoMod holds until a moderator has looked.
#include <fmt/format.h>

#include "base/utf8.hpp"
#include "commands.hpp"
#include "each_line.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
using store::HeldState;
using store::HeldVerdict;

std::string why(const store::HeldMessage& message) {
  return message.category.empty() ? message.reason : fmt::format("{} ({})", message.category, message.level);
}

// What somebody wrote who may not speak now is not said, whatever is decided.
Result<bool> is_banned(Platform& platform, const store::Channel& channel, UserId user) {
  SLUICE_TRY_VALUE(const auto ban, platform.store->bans().find(channel.id, user));
  return ban.has_value();
}

Result<int> decide(const app::Settings& settings, Platform& platform, HeldVerdict verdict) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  const HeldState wanted = verdict == HeldVerdict::allow ? HeldState::allowed : HeldState::denied;
  const auto act = [&](const std::string& id) -> Result<Outcome> {
    SLUICE_TRY(check_message_id(id));
    store::HeldMessages& held = platform.store->held_messages();
    auto message = held.by_id(id);
    if (message && message->channel != channel.id)
      message = fail(Errc::not_found, fmt::format("no held message {} in {}", id, channel.name));
    if (!message && message.error().code == Errc::not_found)
      message.error().hint = fmt::format("modctl queue list {} shows those that wait", channel.name);
    if (!message) return std::unexpected(std::move(message).error());
    const std::string text = fmt::format("message {} of {}", id, message->user_name);
    Json more{{"channel", channel.name}, {"user", message->user_name}, {"state", store::name(wanted)}};
    if (message->state == wanted)
      return Outcome{fmt::format("{} was {} already", text, store::name(wanted)), more, false};
    SLUICE_TRY(held.decide(id, verdict, settings.text("reason"), platform.actor));
    SLUICE_TRY_VALUE(const bool silent, verdict == HeldVerdict::allow
                                            ? is_banned(platform, channel, message->user)
                                            : Result<bool>(false));
    if (!silent) return Outcome{fmt::format("{} is {}", text, store::name(wanted)), more};
    more["shown"] = false;
    return Outcome{fmt::format("{} is {}; it is not shown: {} is banned or timed out", text,
                               store::name(wanted), message->user_name),
                   more};
  };
  return act_on_each(settings, "message", settings.positional("MESSAGE-ID"), act);
}
}  // namespace

Result<int> queue_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  std::vector<std::vector<std::string>> rows{{"ID", "HELD", "USER", "FOR", "TEXT"}};
  std::int64_t last = 0;
  for (;;) {
    SLUICE_TRY_VALUE(const auto some, platform.store->held_messages().queue(channel.id, last, page));
    for (const store::HeldMessage& message : some) {
      if (settings.flag("json")) {
        Json object{{"channel", channel.name}};
        object.update(json_of(message));
        print_json(object);
      }
      rows.push_back({message.id, format_rfc3339(message.held_at), message.user_name, why(message),
                      legible(message.text)});
    }
    if (some.size() < page) break;
    last = some.back().number;
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> queue_approve(const app::Settings& settings, Platform& platform) {
  return decide(settings, platform, HeldVerdict::allow);
}

Result<int> queue_deny(const app::Settings& settings, Platform& platform) {
  return decide(settings, platform, HeldVerdict::deny);
}

}  // namespace sluice::modctl
