#include "platform.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/platform.hpp"
#include "base/utf8.hpp"
#include "store/shell.hpp"

namespace sluice::modctl {

namespace {
// The audit log keeps, as the address, who it was at the shell that acted as somebody.
Result<store::Actor> acting(Platform& platform, const std::string& name) {
  const store::Actor shell = store::actor_at_shell();
  if (name.empty()) return shell;
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, name));
  return store::Actor{user.id, user.name, shell.address + " " + shell.name};
}

Result<> check_may(Platform& platform, const store::Channel& channel, Needed needed) {
  const UserId actor = platform.actor.user;
  if (actor == UserId() || actor == channel.owner) return {};
  SLUICE_TRY_VALUE(const auto role, platform.store->roles().of(channel.id, actor));
  if (role != store::Role::moderator)
    return fail(Errc::denied, fmt::format("{} is no moderator of {}", platform.actor.name, channel.name),
                fmt::format("modctl mods {} shows who is", channel.name));
  if (needed == Needed::broadcaster)
    return fail(Errc::denied,
                fmt::format("{} is not the broadcaster of {}", platform.actor.name, channel.name),
                fmt::format("only {} may do that", channel.owner_name));
  SLUICE_TRY_VALUE(const auto ban, platform.store->bans().find(channel.id, actor));
  if (ban) return fail(Errc::denied, fmt::format("{} is banned from {}", platform.actor.name, channel.name));
  return {};
}
}  // namespace

Result<Platform> open_platform(const app::Settings& settings) {
  const app::Platform place = app::platform_of(settings);
  SLUICE_TRY(store::check_is_there(place.store));
  Platform platform;
  platform.history = settings.has("history") ? settings.text("history") : place.dir + "/chat.db";
  if (platform.history == "none") platform.history.clear();
  SLUICE_TRY_VALUE(platform.store, store::open_store(place.store));
  SLUICE_TRY_VALUE(platform.bus, bus::open_bus(place.bus));
  platform.store->on_events = [bus = platform.bus.get()](store::Cursor cursor) { bus->nudge(cursor); };
  SLUICE_TRY_VALUE(platform.actor, acting(platform, settings.text("as")));
  return platform;
}

Result<store::User> named_user(Platform& platform, const std::string& name) {
  return store::typed_user(*platform.store, name.starts_with('@') ? name.substr(1) : name);
}

Result<store::Channel> named_channel(Platform& platform, const std::string& name) {
  return store::typed_channel(*platform.store, name);
}

Result<> check_message_id(const std::string& id) {
  constexpr std::size_t longest = 64, most_shown = 40;
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!id.empty() && id.size() <= longest && std::ranges::all_of(id, printable)) return {};
  const std::string_view shown = std::string_view(id).substr(0, most_shown);
  return fail(Errc::invalid,
              fmt::format("\"{}{}\" is no message's id", legible(to_valid_utf8(shown)),
                          shown.size() < id.size() ? "..." : ""),
              "up to 64 printable characters without blanks, as modctl log and queue list show them");
}

Result<std::optional<chatlog::Reader>> open_history(const Platform& platform) {
  if (platform.history.empty()) return std::nullopt;
  auto reader = chatlog::Reader::open(platform.history);
  if (!reader && reader.error().code == Errc::not_found) return std::nullopt;
  if (!reader) {
    if (reader.error().hint.empty()) reader.error().hint = "--history none does without it";
    return std::unexpected(std::move(reader).error());
  }
  return std::optional(*std::move(reader));
}

Result<store::Channel> channel_to_act_in(Platform& platform, const std::string& name, Needed needed) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, name));
  SLUICE_TRY(check_may(platform, channel, needed));
  return channel;
}

Result<> check_may_act_on(Platform& platform, const store::Channel& channel, const store::User& target) {
  const UserId actor = platform.actor.user;
  if (actor == UserId()) return {};
  if (actor == target.id) return fail(Errc::denied, target.name + " cannot do that to themselves");
  if (actor == channel.owner) return {};
  const std::string only = fmt::format("only {} may do that", channel.owner_name);
  if (target.id == channel.owner)
    return fail(Errc::denied, fmt::format("{} is the broadcaster of {}", target.name, channel.name));
  SLUICE_TRY_VALUE(const auto role, platform.store->roles().of(channel.id, target.id));
  if (role == store::Role::moderator)
    return fail(Errc::denied, fmt::format("{} is a moderator of {}", target.name, channel.name), only);
  return {};
}

Result<std::optional<Wall>> moment(const app::Settings& settings, std::string_view option) {
  if (!settings.has(option)) return std::nullopt;
  const std::string text = settings.text(option);
  if (const auto at = parse_rfc3339(text)) return at;
  if (const auto ago = app::parse_duration(text)) return system_clock().wall() - *ago;
  return fail(Errc::usage, fmt::format("--{}: \"{}\" is no time", option, text),
              "write 2026-01-02T03:04:05Z, or how long ago: 90s, 10m, 8h, 30d");
}

}  // namespace sluice::modctl
