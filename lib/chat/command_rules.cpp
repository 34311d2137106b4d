// The table of slash commands: what parses them, tells of them and checks who may use them reads it.
#include "chat/command_rules.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "chat/slash_command.hpp"

namespace sluice::chat {

namespace {
constexpr std::array rules{
    CommandRule{"ban", Act::ban, true, Needs::moderator, "usage_ban", "<user> [reason]",
                "keep a user from chatting until unbanned"},
    CommandRule{"unban", Act::unban, true, Needs::moderator, "usage_unban", "<user> [reason]",
                "lift a ban or a timeout"},
    CommandRule{"timeout", Act::timeout, true, Needs::moderator, "usage_timeout", "<user> [time] [reason]",
                "keep a user from chatting for a time (10 minutes unless given, 2 weeks at most)"},
    CommandRule{"bans", Act::list_bans, true, Needs::moderator, "usage_bans", "",
                "list who is banned or timed out"},
    CommandRule{"delete", Act::remove_message, true, Needs::moderator, "usage_delete",
                "<message id> [reason]", "delete one message"},
    CommandRule{"clear", Act::clear, true, Needs::moderator, "usage_clear", "[reason]",
                "delete all messages"},
    CommandRule{"mod", Act::mod, true, Needs::broadcaster, "usage_mod", "<user> [reason]",
                "make a user a moderator"},
    CommandRule{"unmod", Act::unmod, true, Needs::broadcaster, "usage_unmod", "<user> [reason]",
                "take a moderator's role away"},
    CommandRule{"mods", Act::list_mods, true, Needs::nobody, "usage_mods", "", "list the moderators"},
    CommandRule{"vip", Act::vip, true, Needs::broadcaster, "usage_vip", "<user> [reason]",
                "make a user a VIP"},
    CommandRule{"unvip", Act::unvip, true, Needs::broadcaster, "usage_unvip", "<user> [reason]",
                "take a VIP's role away"},
    CommandRule{"vips", Act::list_vips, true, Needs::nobody, "usage_vips", "", "list the VIPs"},
    CommandRule{"slow", Act::slow, true, Needs::moderator, "usage_slow_on", "[time]",
                "let users speak once in a time (30 seconds unless given, 3 to 120)"},
    CommandRule{"slowoff", Act::slow, false, Needs::moderator, "usage_slow_off", "", "end slow mode"},
    CommandRule{"followers", Act::followers_only, true, Needs::moderator, "usage_followers_on", "[time]",
                "let only those speak who have followed for a time (none unless given, 3 months at most)"},
    CommandRule{"followersoff", Act::followers_only, false, Needs::moderator, "usage_followers_off", "",
                "end followers-only mode"},
    CommandRule{"subscribers", Act::subs_only, true, Needs::moderator, "usage_subs_on", "",
                "let only subscribers speak"},
    CommandRule{"subscribersoff", Act::subs_only, false, Needs::moderator, "usage_subs_off", "",
                "end subscribers-only mode"},
    CommandRule{"emoteonly", Act::emote_only, true, Needs::moderator, "usage_emote_only_on", "",
                "let through messages of emotes only"},
    CommandRule{"emoteonlyoff", Act::emote_only, false, Needs::moderator, "usage_emote_only_off", "",
                "end emote-only mode"},
    CommandRule{"uniquechat", Act::unique, true, Needs::moderator, "usage_r9k_on", "",
                "let no message through that says what one of the last 200 said"},
    CommandRule{"uniquechatoff", Act::unique, false, Needs::moderator, "usage_r9k_off", "",
                "end unique-chat mode"},
    CommandRule{"automod", Act::automod_level, true, Needs::moderator, "usage_automod", "[level]",
                "tell how strict AutoMod is, or make it so: 0 (lets most pass) to 4 (strictest)"},
    CommandRule{"automodlate", Act::automod_late, true, Needs::moderator, "usage_automodlate", "<hold|allow>",
                "say what becomes of messages that AutoMod has not judged in time"},
    CommandRule{"banevasion", Act::ban_evasion, true, Needs::moderator, "usage_banevasion", "<off|flag|hold>",
                "say what is done about who seems to come back after a ban"},
    CommandRule{"settings", Act::list_settings, true, Needs::moderator, "usage_settings", "",
                "tell what the room is set to"},
    CommandRule{"term", Act::terms, true, Needs::moderator, "usage_term",
                "<add|hold|allow|remove> <text> | list [part]",
                "block, hold or let pass a word, a phrase or a /pattern/ in this channel; forget one; list "
                "the channel's own"},
    CommandRule{"wordlist", Act::word_lists, true, Needs::moderator, "usage_wordlist",
                "<subscribe|unsubscribe|show|add|remove> <list> | <put|drop> <list> <entry> | list",
                "let a list of words that channels share hold here, or no longer; show one; make and change "
                "lists of your own"},
    CommandRule{"announce", Act::announce, true, Needs::moderator, "usage_announce", "<text>",
                "say something that stands out; /announceblue, -green, -orange and -purple in a color"},
    CommandRule{"note", Act::note, true, Needs::moderator, "usage_note", "<user> <text>",
                "leave a note about a user that the channel's moderators see"},
    CommandRule{"notes", Act::list_notes, true, Needs::moderator, "usage_notes", "<user>",
                "list the notes about a user, the newest first"},
    CommandRule{"unnote", Act::remove_note, true, Needs::moderator, "usage_unnote", "<number>",
                "remove a note"},
    CommandRule{"monitored", Act::list_suspects, true, Needs::moderator, "usage_monitored", "",
                "list who is flagged for what looks like coming back after a ban"},
    CommandRule{"unmonitor", Act::clear_suspect, true, Needs::moderator, "usage_unmonitor", "<user> [reason]",
                "clear a user of that"},
    CommandRule{"held", Act::list_held, true, Needs::moderator, "usage_held", "",
                "list the messages that wait for a moderator, the oldest first"},
    CommandRule{"allow", Act::allow, true, Needs::moderator, "usage_allow", "<message id> [reason]",
                "let a message that is held be said"},
    CommandRule{"deny", Act::deny, true, Needs::moderator, "usage_deny", "<message id> [reason]",
                "refuse a message that is held"},
    CommandRule{"w", Act::whisper, true, Needs::nobody, "whisper_invalid_args", "<user> <text>",
                "say something to a user alone"},
    CommandRule{"color", Act::color, true, Needs::nobody, "usage_color", "<color>",
                "give your name a color: #RRGGBB, a name as DodgerBlue, or none"},
    CommandRule{"help", Act::help, true, Needs::nobody, "usage_help", "[command]",
                "list the commands, or tell of one"},
    CommandRule{"disconnect", Act::disconnect, true, Needs::nobody, "usage_disconnect", "",
                "close this connection"},
};

struct Alias {
  std::string_view word, of;
  std::string_view color = {};
};
constexpr std::array aliases{
    Alias{"untimeout", "unban"},
    Alias{"whisper", "w"},
    Alias{"r9kbeta", "uniquechat"},
    Alias{"r9kbetaoff", "uniquechatoff"},
    Alias{"unique", "uniquechat"},
    Alias{"uniqueoff", "uniquechatoff"},
    Alias{"unrestrict", "unmonitor"},
    Alias{"terms", "term"},
    Alias{"wordlists", "wordlist"},
    Alias{"announceblue", "announce", "BLUE"},
    Alias{"announcegreen", "announce", "GREEN"},
    Alias{"announceorange", "announce", "ORANGE"},
    Alias{"announcepurple", "announce", "PURPLE"},
};

const Alias* find_alias(std::string_view word) {
  const auto alias = std::ranges::find(aliases, word, &Alias::word);
  return alias == aliases.end() ? nullptr : &*alias;
}
}  // namespace

std::span<const CommandRule> command_rules() {
  return rules;
}

const CommandRule* find_command(std::string_view word) {
  std::string name = ascii_lower(word);
  if (const Alias* alias = find_alias(name)) name = alias->of;
  const auto rule = std::ranges::find(rules, name, &CommandRule::word);
  return rule == rules.end() ? nullptr : &*rule;
}

std::string_view announcement_color(std::string_view word) {
  const Alias* alias = find_alias(word);
  return alias == nullptr ? "PRIMARY" : alias->color;
}

}  // namespace sluice::chat
