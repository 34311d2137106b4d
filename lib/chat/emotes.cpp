#include "chat/emotes.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::chat {

namespace {
std::int64_t cheered_in(ChannelId channel, const EmoteUser& user) {
  if (user.cheered == nullptr) return 0;
  const auto in = user.cheered->find(channel);
  if (in == user.cheered->end()) return 0;
  return channel == user.room ? in->second - user.less : in->second;
}

bool may_use(const EmoteBook::Emote& emote, const EmoteUser& user) {
  const bool global = emote.channel.value() == 0;
  if (global ? !emote.granted_only : emote.owner == user.user) return true;
  if (std::ranges::binary_search(user.granted, emote.id)) return true;
  if (emote.granted_only) return false;
  if (emote.bits > 0) return cheered_in(emote.channel, user) >= emote.bits;
  const auto support = std::ranges::lower_bound(user.supports, emote.channel, {}, &Support::channel);
  return support != user.supports.end() && support->channel == emote.channel && support->tier >= emote.tier;
}

// A tier's end with its number, those of single emotes with a 4: no two are the same.
std::string set_of(ChannelId channel, int tier) {
  return std::to_string(channel.value()) + std::to_string(tier);
}
std::string set_of(EmoteId emote) {
  return std::to_string(emote.value()) + "4";
}
}  // namespace

void EmoteBook::add(std::string_view code, Emote emote) {
  remove(code, emote.channel);
  ++changes_;
  if (emote.bits > 0) for_bits_[emote.channel].push_back({emote.bits, emote.id});
  auto& same = emotes_[std::string(code)];
  same.insert(std::ranges::upper_bound(same, emote.channel, {}, &Emote::channel), std::move(emote));
}

void EmoteBook::remove(std::string_view code, ChannelId channel) {
  ++changes_;
  const auto same = emotes_.find(code);
  if (same == emotes_.end()) return;
  std::erase_if(same->second, [&](const Emote& emote) {
    if (emote.channel != channel) return false;
    if (emote.bits > 0) forget_for_bits(emote);
    return true;
  });
  if (same->second.empty()) emotes_.erase(same);
}

void EmoteBook::forget_for_bits(const Emote& emote) {
  const auto in = for_bits_.find(emote.channel);
  if (in == for_bits_.end()) return;
  std::erase_if(in->second, [&](const ForBits& each) { return each.id == emote.id; });
  if (in->second.empty()) for_bits_.erase(in);
}

const EmoteBook::Emote* EmoteBook::usable(std::string_view code, const EmoteUser& user) const {
  const auto same = emotes_.find(code);
  if (same == emotes_.end()) return nullptr;
  const std::vector<Emote>& by_channel = same->second;
  for (const ChannelId first : {ChannelId(), user.room}) {
    const auto emote = std::ranges::lower_bound(by_channel, first, {}, &Emote::channel);
    if (emote != by_channel.end() && emote->channel == first && may_use(*emote, user)) return &*emote;
  }
  const auto any = std::ranges::find_if(by_channel, [&](const Emote& emote) { return may_use(emote, user); });
  return any == by_channel.end() ? nullptr : &*any;
}

std::vector<EmoteUse> EmoteBook::find(std::string_view utf8, const EmoteUser& user) const {
  std::vector<EmoteUse> uses;
  if (emotes_.empty()) return uses;
  std::uint32_t at = 0;
  for (std::string_view word : split(utf8, ' ')) {
    const auto length = static_cast<std::uint32_t>(code_point_count(word));
    if (const Emote* emote = length > 0 ? usable(word, user) : nullptr)
      uses.push_back({std::to_string(emote->id.value()), at, at + length - 1});
    at += length + 1;
  }
  return uses;
}

std::string EmoteBook::sets_of(const EmoteUser& user) const {
  std::string sets = "0";
  for (const Support& support : user.supports)
    for (int tier = 1; tier <= support.tier; ++tier) sets.append(",").append(set_of(support.channel, tier));
  std::vector<EmoteId> single(user.granted.begin(), user.granted.end());
  if (user.cheered != nullptr && !for_bits_.empty()) {
    for (const auto& [channel, bits] : *user.cheered) {
      const auto in = for_bits_.find(channel);
      if (in == for_bits_.end()) continue;
      for (const ForBits& emote : in->second)
        if (bits >= emote.bits) single.push_back(emote.id);
    }
  }
  std::ranges::sort(single);
  const auto again = std::ranges::unique(single);
  single.erase(again.begin(), again.end());
  for (const EmoteId id : single) sets.append(",").append(set_of(id));
  return sets;
}

bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses) {
  std::size_t covered = 0, spaces = 0;
  for (const EmoteUse& use : uses) covered += use.last - use.first + 1;
  for (char c : utf8) spaces += c == ' ';
  return covered + spaces == code_point_count(utf8);
}

}  // namespace sluice::chat
