#include "configuration.hpp"

#include <algorithm>

#include "os/crew.hpp"

namespace sluice::chatd {

using app::Settings;

HeldQueue::Times held_times(const app::Settings& settings) {
  return {settings.duration("held-time"), std::chrono::days(settings.integer("history-days"))};
}

std::uint32_t positive(const Settings& settings, std::string_view name) {
  return static_cast<std::uint32_t>(settings.integer(name));
}

chat::ClientLimits client_limits(const Settings& settings) {
  chat::ClientLimits limits;
  limits.rooms = positive(settings, "rooms-per-connection");
  limits.joins.places = positive(settings, "join-rate");
  limits.logins.places = positive(settings, "login-rate");
  limits.history_bytes = settings.size("queue") / 2;
  return limits;
}

chat::SendLimits::Rates send_rates(const Settings& settings) {
  chat::SendLimits::Rates rates;
  rates.regular.places = positive(settings, "message-rate");
  rates.exempt.places = 5 * rates.regular.places;
  rates.bot.places = positive(settings, "bot-rate");
  rates.cooldown = settings.duration("cooldown");
  rates.subscriber_cooldown = rates.cooldown / 2;
  rates.repeat = settings.duration("repeat-time");
  return rates;
}

LinkLimits link_limits(const Settings& settings) {
  return {settings.size("queue"), settings.duration("login-time"), settings.duration("ping")};
}

chat::Ceiling::Rate room_rate(const Settings& settings) {
  return positive(settings, "room-rate");
}

std::uint32_t room_idle(const Settings& settings) {
  return static_cast<std::uint32_t>(std::chrono::ceil<seconds>(settings.duration("room-idle")).count());
}

std::size_t threads(const Settings& settings) {
  constexpr std::size_t most = 16;
  const std::size_t given = positive(settings, "threads");
  return given != 0 ? given : std::min(os::usable_cores(), most);
}

chat::Rooms::Rhythm rhythm(const Settings& settings) {
  return {.reach = settings.duration("tick")};
}

AutomodProcess::Setup automod_setup(const Settings& settings) {
  const std::string command = settings.text("automod");
  return {command == "none" ? "" : command, settings.duration("automod-deadline")};
}

std::optional<platform::AtDeadline> automod_late(const Settings& settings) {
  const auto late = platform::parse_at_deadline(settings.text("automod-late"));
  return late ? std::optional(*late) : std::nullopt;
}

OriginCheck origin_check(const Settings& settings) {
  return {settings.text("public-url"), settings.list("allow-origin")};
}

}  // namespace sluice::chatd
