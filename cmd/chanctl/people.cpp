// user and channel: who is there, and what they show.
#include <fmt/format.h>

#include "commands.hpp"
#include "output.hpp"

namespace sluice::chanctl {

namespace {
std::string state_of(const store::Channel& channel) {
  return channel.live() ? "live" : "offline";
}
}  // namespace

Result<int> user_add(const app::Settings& settings, Platform& platform) {
  const std::string name = settings.positional("NAME");
  auto added = platform.store->users().add(name, settings.text("display"));
  if (added) {
    tell(settings, json_of(*added), fmt::format("added user {} (id {})", added->name, added->id.value()));
    return 0;
  }
  if (added.error().code != Errc::exists) return std::unexpected(added.error());
  if (!settings.flag("if-missing")) {
    added.error().hint = "with --if-missing that is no error";
    return std::unexpected(added.error());
  }
  SLUICE_TRY_VALUE(store::User user, platform.store->users().by_name(name));
  tell(settings, json_of(user), fmt::format("user {} is there (id {})", user.name, user.id.value()));
  return 0;
}

Result<int> user_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(std::vector<store::User> users, platform.store->users().list());
  std::vector<std::vector<std::string>> rows{{"NAME", "DISPLAY NAME", "ID", "SINCE"}};
  for (const store::User& user : users) {
    if (settings.flag("json")) print_json(json_of(user));
    rows.push_back(
        {user.name, user.display_name, std::to_string(user.id.value()), format_rfc3339(user.created_at)});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> channel_add(const app::Settings& settings, Platform& platform) {
  const std::string name = settings.positional("NAME");
  SLUICE_TRY_VALUE(store::User owner, named_user(platform, settings.text("owner")));
  auto added = platform.store->channels().add(name, owner.id, settings.text("title"));
  if (added) {
    tell(settings, json_of(*added, {}),
         fmt::format("added channel {} of {} (id {})", added->name, added->owner_name, added->id.value()));
    return 0;
  }
  if (added.error().code != Errc::exists) return std::unexpected(added.error());
  SLUICE_TRY_VALUE(store::Channel channel, platform.store->channels().by_name(name));
  if (!settings.flag("if-missing")) {
    added.error().hint = "with --if-missing that is no error";
    return std::unexpected(added.error());
  }
  if (channel.owner != owner.id)
    return fail(Errc::conflict, fmt::format("the channel \"{}\" belongs to {}, not to {}", channel.name,
                                            channel.owner_name, owner.name));
  SLUICE_TRY_VALUE(store::ChannelStatus status, platform.store->streams().status(channel.id));
  tell(
      settings, json_of(channel, status),
      fmt::format("channel {} of {} is there (id {})", channel.name, channel.owner_name, channel.id.value()));
  return 0;
}

Result<int> channel_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(std::vector<store::Channel> channels, platform.store->channels().list());
  std::vector<std::vector<std::string>> rows{{"NAME", "OWNER", "STATE", "VIEWERS", "TITLE"}};
  for (const store::Channel& channel : channels) {
    SLUICE_TRY_VALUE(store::ChannelStatus status, platform.store->streams().status(channel.id));
    if (settings.flag("json")) print_json(json_of(channel, status));
    rows.push_back(
        {channel.name, channel.owner_name, state_of(channel), std::to_string(status.viewers), channel.title});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> channel_show(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(store::ChannelStatus status, platform.store->streams().status(channel.id));
  if (settings.flag("json")) {
    print_json(json_of(channel, status));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"name", channel.name},
                                             {"id", std::to_string(channel.id.value())},
                                             {"owner", channel.owner_name},
                                             {"title", channel.title},
                                             {"version", std::to_string(channel.version)},
                                             {"stream key", channel.has_key ? "made" : "none"},
                                             {"state", state_of(channel)}};
  if (channel.current_stream) rows.push_back({"stream", channel.current_stream->value()});
  rows.push_back({"viewers", fmt::format("{} (peak {})", status.viewers, status.peak_viewers)});
  rows.push_back({"since", format_rfc3339(channel.created_at)});
  print_table(rows);
  return 0;
}

Result<int> channel_set_title(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  std::optional<std::int64_t> version;
  if (settings.has("if-version")) version = settings.integer("if-version");
  auto changed = platform.store->channels().set_title(channel.id, settings.positional("TITLE"), version);
  if (!changed && changed.error().code == Errc::conflict)
    changed.error().hint = fmt::format("see what it is now with 'chanctl channel show {}'", channel.name);
  if (!changed) return std::unexpected(std::move(changed).error());
  SLUICE_TRY_VALUE(store::ChannelStatus status, platform.store->streams().status(changed->id));
  tell(settings, json_of(*changed, status),
       fmt::format("channel {} is at version {}", changed->name, changed->version));
  return 0;
}

}  // namespace sluice::chanctl
