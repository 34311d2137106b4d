#include "chat/emotes.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::chat {

namespace {
bool may_use(const EmoteBook::Emote& emote, const EmoteUser& user) {
  if (emote.channel.value() == 0 || emote.owner == user.user) return true;
  return std::ranges::any_of(user.supports, [&](const Support& support) {
    return support.channel == emote.channel && support.tier >= emote.tier;
  });
}
}  // namespace

void EmoteBook::add(std::string_view code, Emote emote) {
  remove(code, emote.channel);
  auto& same = emotes_[std::string(code)];
  same.insert(std::ranges::upper_bound(same, emote.channel, {}, &Emote::channel), std::move(emote));
}

void EmoteBook::remove(std::string_view code, ChannelId channel) {
  const auto same = emotes_.find(code);
  if (same == emotes_.end()) return;
  std::erase_if(same->second, [&](const Emote& emote) { return emote.channel == channel; });
  if (same->second.empty()) emotes_.erase(same);
}

const EmoteBook::Emote* EmoteBook::usable(std::string_view code, const EmoteUser& user) const {
  const auto same = emotes_.find(code);
  if (same == emotes_.end()) return nullptr;
  const Emote* best = nullptr;
  for (const Emote& emote : same->second) {
    if (!may_use(emote, user)) continue;
    if (emote.channel.value() == 0) return &emote;
    if (best == nullptr || emote.channel == user.room) best = &emote;
  }
  return best;
}

std::vector<EmoteUse> EmoteBook::find(std::string_view utf8, const EmoteUser& user) const {
  std::vector<EmoteUse> uses;
  if (emotes_.empty()) return uses;
  std::uint32_t at = 0;
  for (std::string_view word : split(utf8, ' ')) {
    const auto length = static_cast<std::uint32_t>(code_point_count(word));
    if (const Emote* emote = length > 0 ? usable(word, user) : nullptr)
      uses.push_back({emote->id, at, at + length - 1});
    at += length + 1;
  }
  return uses;
}

std::string emote_set(ChannelId channel, int tier) {
  return channel.value() == 0 ? "0" : std::to_string(channel.value()) + std::to_string(tier);
}

std::string emote_sets(std::span<const Support> supports) {
  std::string sets = "0";
  for (const Support& support : supports)
    for (int tier = 1; tier <= support.tier; ++tier)
      sets.append(",").append(emote_set(support.channel, tier));
  return sets;
}

bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses) {
  std::size_t covered = 0, spaces = 0;
  for (const EmoteUse& use : uses) covered += use.last - use.first + 1;
  for (char c : utf8) spaces += c == ' ';
  return covered + spaces == code_point_count(utf8);
}

}  // namespace sluice::chat
