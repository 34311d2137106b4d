// color, bot and emote: how people and what they say look in chat, and how fast bots may say it.
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "commands.hpp"
#include "output.hpp"

namespace sluice::chanctl {

namespace {
void tell(const app::Settings& settings, const Json& object, const std::string& text) {
  settings.flag("json") ? print_json(object) : print_line(text);
}

// 0: a global one is meant.
Result<ChannelId> channel_meant(const app::Settings& settings, Platform& platform) {
  if (!settings.has("channel")) return ChannelId();
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.text("channel")));
  return channel.id;
}

// A URL as it is, a file by its whole path.
Result<std::string> image_at(const app::Settings& settings, std::string_view option) {
  const std::string place = settings.text(option);
  if (place.empty() || place.starts_with("https://") || place.starts_with("http://")) return place;
  std::error_code error;
  if (!std::filesystem::is_regular_file(place, error))
    return fail(Errc::not_found, fmt::format("--{}: there is no file {}", option, place),
                "give a file, or a URL that begins with https:// or http://");
  return std::filesystem::absolute(place).string();
}
}  // namespace

Result<int> color(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(user, platform.store->users().set_color(user.id, settings.positional("COLOR")));
  tell(settings, json_of(user),
       user.color.empty() ? fmt::format("{} has no color of its own", user.name)
                          : fmt::format("{} is {}", user.name, user.color));
  return 0;
}

Result<int> bot(const app::Settings& settings, Platform& platform) {
  const std::string wanted = settings.positional("STATE");
  if (wanted != "on" && wanted != "off")
    return fail(Errc::usage, fmt::format("\"{}\" is neither on nor off", wanted), "give on or off");
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY(platform.store->users().set_bot(user.id, wanted == "on", platform.actor));
  user.bot = wanted == "on";
  tell(settings, json_of(user), fmt::format("{} is {} verified bot", user.name, user.bot ? "a" : "no"));
  return 0;
}

Result<int> emote_add(const app::Settings& settings, Platform& platform) {
  store::Emote emote{.code = settings.positional("CODE")};
  SLUICE_TRY_VALUE(emote.channel, channel_meant(settings, platform));
  if (settings.has("tier") && emote.channel == ChannelId())
    return fail(Errc::usage, "--tier without --channel", "a global emote is everybody's");
  if (emote.channel != ChannelId())
    emote.tier = settings.has("tier") ? static_cast<int>(settings.integer("tier")) : 1;
  constexpr std::array<std::string_view, 3> options{"image-1x", "image-2x", "image-4x"};
  for (std::size_t i = 0; i < options.size(); ++i) {
    SLUICE_TRY_VALUE(emote.images[i], image_at(settings, options[i]));
  }
  SLUICE_TRY_VALUE(const store::Emote added, platform.store->emotes().add(std::move(emote), platform.actor));
  tell(settings, json_of(added), fmt::format("added emote {} (id {})", added.code, added.id.value()));
  return 0;
}

Result<int> emote_remove(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const ChannelId channel, channel_meant(settings, platform));
  auto removed = platform.store->emotes().remove(channel, settings.positional("CODE"), platform.actor);
  if (!removed && removed.error().code == Errc::not_found)
    removed.error().hint = "chanctl emote list shows those there are; a channel's is named with --channel";
  if (!removed) return std::unexpected(std::move(removed).error());
  tell(settings, json_of(*removed), fmt::format("removed emote {}", removed->code));
  return 0;
}

Result<int> emote_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const std::vector<store::Emote> emotes, platform.store->emotes().list());
  std::vector<std::vector<std::string>> rows{{"CODE", "CHANNEL", "TIER", "ID"}};
  for (const store::Emote& emote : emotes) {
    if (settings.flag("json")) print_json(json_of(emote));
    rows.push_back({emote.code, emote.channel_name.empty() ? "-" : emote.channel_name,
                    emote.tier == 0 ? "-" : std::to_string(emote.tier), std::to_string(emote.id.value())});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

}  // namespace sluice::chanctl
