#include "act_words.hpp"

#include <algorithm>
#include <array>

#include <fmt/args.h>
#include <fmt/format.h>

#include "base/utf8.hpp"

namespace sluice::modctl {

namespace {
struct Words {
  std::string_view action, said;
};
// {who}, {whom}, {where}, {what}: the actor, the target user, the channel, and what the target is called.
constexpr std::array words{
    Words{"ban", "{who} banned {whom} from {where}"},
    Words{"timeout", "{who} timed {whom} out in {where}"},
    Words{"unban", "{who} lifted the ban of {whom} from {where}"},
    Words{"untimeout", "{who} lifted the timeout of {whom} in {where}"},
    Words{"message.delete", "{who} deleted message {what} of {whom} in {where}"},
    Words{"chat.clear", "{who} cleared the chat of {where}"},
    Words{"mod.add", "{who} made {whom} a moderator of {where}"},
    Words{"mod.remove", "{who} took the moderator's role in {where} from {whom}"},
    Words{"vip.add", "{who} made {whom} a VIP of {where}"},
    Words{"vip.remove", "{who} took the VIP's role in {where} from {whom}"},
    Words{"room.settings", "{who} changed what the chat of {where} is set to"},
    Words{"automod.settings", "{who} changed what AutoMod is set to in {where}"},
    Words{"automod.allow", "{who} let message {what} of {whom} be said in {where}"},
    Words{"automod.deny", "{who} let message {what} of {whom} not be said in {where}"},
    Words{"evasion.settings", "{who} changed what is done about ban evasion in {where}"},
    Words{"evasion.flag", "{who} flagged {whom} for what looks like avoiding a ban from {where}"},
    Words{"evasion.clear", "{who} cleared {whom} of what looked like avoiding a ban from {where}"},
    Words{"note.add", "{who} noted something about {whom} in {where}"},
    Words{"note.remove", "{who} removed a note about {whom} in {where}"},
    Words{"word_list.add", "{who} made the word list {what}"},
    Words{"word_list.remove", "{who} removed the word list {what}"},
    Words{"word_list.change", "{who} changed the word list {what}"},
    Words{"word_list.subscribe", "{who} let the word list {what} hold in {where}"},
    Words{"word_list.unsubscribe", "{who} let the word list {what} hold in {where} no longer"},
    Words{"terms.change", "{who} changed the terms of {where}"},
};
}  // namespace

std::string act_in_words(const store::AuditEntry& entry, const std::string& whom) {
  const auto known = std::ranges::find(words, entry.action, &Words::action);
  std::string name = entry.target.substr(std::min(entry.target.find(':') + 1, entry.target.size()));
  if (known == words.end()) {
    std::string said = fmt::format("{}: {} of {}", entry.actor.name, entry.action, legible(entry.target));
    if (!entry.channel_name.empty() && entry.target != "channel:" + entry.channel_name)
      said += " in " + entry.channel_name;
    return said;
  }
  return fmt::format(fmt::runtime(known->said), fmt::arg("who", entry.actor.name),
                     fmt::arg("whom", whom.empty() ? name : whom), fmt::arg("where", entry.channel_name),
                     fmt::arg("what", legible(name)));
}

}  // namespace sluice::modctl
