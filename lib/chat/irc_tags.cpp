#include "chat/irc_tags.hpp"

#include <algorithm>

namespace sluice::chat {

std::string badge_list(std::span<const Badge> badges) {
  std::string list;
  for (const Badge& badge : badges) {
    if (!list.empty()) list += ',';
    list.append(badge.set).append("/").append(badge.version);
  }
  return list;
}

std::string_view turbo_flag(std::span<const Badge> badges) {
  return flag(std::ranges::find(badges, "turbo", &Badge::set) != badges.end());
}

std::string badge_info(std::span<const Badge> badges) {
  for (const Badge& badge : badges)
    if (!badge.info.empty()) return badge.set + "/" + badge.info;
  return {};
}

std::string emote_list(std::span<const EmoteUse> emotes, std::size_t moved) {
  std::string list;
  for (std::size_t i = 0; i < emotes.size(); ++i) {
    bool told = false;
    for (std::size_t j = 0; j < i; ++j) told = told || emotes[j].id == emotes[i].id;
    if (told) continue;
    if (!list.empty()) list += '/';
    list += emotes[i].id;
    char separator = ':';
    for (std::size_t j = i; j < emotes.size(); ++j) {
      if (emotes[j].id != emotes[i].id) continue;
      list += separator;
      list += number(static_cast<std::int64_t>(emotes[j].first + moved));
      list += '-';
      list += number(static_cast<std::int64_t>(emotes[j].last + moved));
      separator = ',';
    }
  }
  return list;
}

}  // namespace sluice::chat
