// emote: the words that are pictures in chat, and who has them.
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "commands.hpp"
#include "output.hpp"

namespace sluice::chanctl {

namespace {
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

// For whom it is: a tier's subscribers, who has cheered with enough bits, or who is granted it.
Result<> read_kind(const app::Settings& settings, store::Emote& emote) {
  const bool global = emote.channel == ChannelId();
  emote.granted_only = settings.flag("granted-only");
  if (settings.has("tier") && global)
    return fail(Errc::usage, "--tier without --channel", "a global emote is everybody's");
  if (settings.has("bits") && global)
    return fail(Errc::usage, "--bits without --channel", "bits are cheered with in a channel");
  if (settings.has("tier") + settings.has("bits") + emote.granted_only > 1)
    return fail(Errc::usage, "more than one of --tier, --bits and --granted-only",
                "an emote is for one kind of people; emote grant gives it to others");
  if (settings.has("bits")) emote.bits = settings.integer("bits");
  if (settings.has("tier")) emote.tier = static_cast<int>(settings.integer("tier"));
  if (!global && !settings.has("bits") && !settings.has("tier") && !emote.granted_only) emote.tier = 1;
  return {};
}

std::string or_dash(const std::string& name) {
  return name.empty() ? "-" : name;
}

// What was done to an emote that somebody named by its code.
template <class T>
Result<T> typed(Result<T> done) {
  if (!done && done.error().code == Errc::not_found)
    done.error().hint = "chanctl emote list shows those there are; a channel's is named with --channel";
  return done;
}

// `done` and `not_done` have places for the user and the code.
using Deed = Result<bool> (store::Emotes::*)(ChannelId, std::string_view, UserId, const store::Actor&);

Result<int> grant_or_revoke(const app::Settings& settings, Platform& platform, Deed deed,
                            std::string_view done, std::string_view not_done) {
  const std::string code = settings.positional("CODE");
  SLUICE_TRY_VALUE(const ChannelId channel, channel_meant(settings, platform));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(const bool changed,
                   typed((platform.store->emotes().*deed)(channel, code, user.id, platform.actor)));
  tell(settings, {{"code", code}, {"user", user.name}, {"changed", changed}},
       fmt::format(fmt::runtime(changed ? done : not_done), user.name, code));
  return 0;
}
}  // namespace

Result<int> emote_add(const app::Settings& settings, Platform& platform) {
  store::Emote emote{.code = settings.positional("CODE")};
  SLUICE_TRY_VALUE(emote.channel, channel_meant(settings, platform));
  SLUICE_TRY(read_kind(settings, emote));
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
  SLUICE_TRY_VALUE(const store::Emote removed, typed(platform.store->emotes().remove(
                                                   channel, settings.positional("CODE"), platform.actor)));
  tell(settings, json_of(removed), fmt::format("removed emote {}", removed.code));
  return 0;
}

Result<int> emote_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const std::vector<store::Emote> emotes, platform.store->emotes().list());
  std::vector<std::vector<std::string>> rows{{"CODE", "CHANNEL", "KIND", "TIER", "BITS", "ID"}};
  for (const store::Emote& emote : emotes) {
    if (settings.flag("json")) print_json(json_of(emote));
    rows.push_back({emote.code, or_dash(emote.channel_name), std::string(store::kind(emote)),
                    emote.tier == 0 ? "-" : std::to_string(emote.tier),
                    emote.bits == 0 ? "-" : std::to_string(emote.bits), std::to_string(emote.id.value())});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> emote_grant(const app::Settings& settings, Platform& platform) {
  return grant_or_revoke(settings, platform, &store::Emotes::grant, "{} has {}", "{} has {} already");
}

Result<int> emote_revoke(const app::Settings& settings, Platform& platform) {
  return grant_or_revoke(settings, platform, &store::Emotes::revoke, "{} is granted {} no more",
                         "{} was not granted {}");
}

Result<int> emote_grants(const app::Settings& settings, Platform& platform) {
  constexpr std::size_t at_once = 1000;
  std::vector<std::vector<std::string>> rows{{"CODE", "CHANNEL", "USER", "SINCE"}};
  const auto take = [&](const std::vector<store::EmoteGrant>& grants) {
    for (const store::EmoteGrant& grant : grants) {
      if (settings.flag("json")) print_json(json_of(grant));
      rows.push_back({grant.code, or_dash(grant.channel_name), grant.user_name, format_rfc3339(grant.since)});
    }
  };
  if (settings.has("user")) {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.text("user")));
    SLUICE_TRY_VALUE(const std::vector<store::EmoteGrant> grants,
                     platform.store->emotes().grants_of(user.id));
    take(grants);
  } else {
    for (store::EmoteGrant last;;) {
      SLUICE_TRY_VALUE(const std::vector<store::EmoteGrant> some,
                       platform.store->emotes().grants(last.emote, last.user, at_once));
      take(some);
      if (some.size() < at_once) break;
      last = some.back();
    }
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

}  // namespace sluice::chanctl
