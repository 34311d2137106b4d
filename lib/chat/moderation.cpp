#include "chat/moderation.hpp"

#include "base/text.hpp"
#include "chat/absent_commands.hpp"
#include "chat/act_context.hpp"
#include "chat/moderation_answers.hpp"

namespace sluice::chat {

namespace {
using Role = Standing::Role;

constexpr Window::Size most_commands{100, milliseconds(30'000)};  // of one user
const Notice no_permission{"no_permission", "You don't have permission to perform that action."};

std::string listed(const std::vector<std::string>& logins) {
  std::string list;
  for (const std::string& login : logins) list.append(list.empty() ? "" : ", ").append(login);
  return list;
}

Notice list_mods(const Room& room) {
  const auto mods = room.standing().logins(Role::moderator);
  if (mods.empty()) return {"no_mods", "There are no moderators of this channel."};
  return {"room_mods", "The moderators of this channel are: " + listed(mods)};
}

Notice list_vips(const Room& room) {
  const auto vips = room.standing().logins(Role::vip);
  if (vips.empty()) return {"no_vips", "This channel does not have any VIPs."};
  return {"vips_success", "The VIPs of this channel are: " + listed(vips) + "."};
}

bool may(const Roles& roles, Needs needs) {
  return needs == Needs::nobody || roles.broadcaster || (needs == Needs::moderator && roles.moderates());
}

Notice help(const Roles& roles, const std::string& about) {
  if (about.empty()) {
    std::string words;
    for (const CommandRule& rule : command_rules())
      if (may(roles, rule.needs)) words.append(words.empty() ? "/" : " /").append(rule.word);
    return {"cmds_available", "Commands you may use here: " + words + " - /help <command> tells more."};
  }
  const CommandRule* rule = find_command(about.starts_with('/') ? about.substr(1) : about);
  if (rule == nullptr) {
    if (const AbsentCommand* absent =
            find_absent_command(ascii_lower(about.substr(about.starts_with('/') ? 1 : 0))))
      return {"no_help", std::string(absent->text)};
    return {"no_help", "There is no command called " + about + "."};
  }
  const std::string word(rule->word), usage(rule->usage);
  return {"cmds_available",
          "/" + word + (usage.empty() ? "" : " " + usage) + " - " + std::string(rule->help) + "."};
}
}  // namespace

std::optional<Notice> Moderation::refused(const Room& room, const User& user, const CommandRule& rule) const {
  return refused(room, user, rule.needs);
}

std::optional<Notice> Moderation::refused(const Room& room, const User& user, Needs needs) const {
  if (user.id.value() == 0 || room.standing().ban_of(user.id, clock_.wall())) return no_permission;
  if (!may(room.roles_of(user), needs)) return no_permission;
  return std::nullopt;
}

// Readers have no number of their own to count under, and may ask for nothing.
std::optional<Limited> Moderation::too_many(const By& by) {
  if (by.user.id.value() == 0) return std::nullopt;
  return commands_.take(by.user.id, most_commands, clock_.steady());
}

void Moderation::forget_idle() {
  commands_.forget_idle(most_commands, clock_.steady());
}

void Moderation::carry_out(Room& room, const By& by, SlashCommand command, Answer answer) {
  if (too_many(by)) return answer(too_quickly());
  if (const auto no = refused(room, by.user, *command.rule)) return answer(*no);
  switch (command.rule->act) {
    case Act::ban:
    case Act::timeout:
      return ban(room, by, std::move(command), std::move(answer));
    case Act::unban:
      return unban(room, by, std::move(command), std::move(answer));
    case Act::mod:
    case Act::unmod:
    case Act::vip:
    case Act::unvip:
      return change_role(room, by, std::move(command), std::move(answer));
    case Act::list_mods:
      return answer(list_mods(room));
    case Act::list_vips:
      return answer(list_vips(room));
    case Act::remove_message:
      return remove_message(room, by, command, std::move(answer));
    case Act::clear:
      return clear(room, by, std::move(command.text), std::move(answer));
    case Act::list_bans:
      return list_bans(room, answer);
    case Act::slow:
    case Act::followers_only:
    case Act::subs_only:
    case Act::emote_only:
    case Act::unique:
      return change_settings(room, by, command, std::move(answer));
    case Act::automod_level:
    case Act::automod_late:
      return change_automod(room, by, command, answer);
    case Act::ban_evasion:
      return change_evasion(room, by, command, answer);
    case Act::list_settings:
      return list_settings(room, answer);
    case Act::terms:
      return terms(room, by, std::move(command), answer);
    case Act::word_lists:
      return word_lists(room, by, std::move(command), answer);
    case Act::note:
      return note(room, by, std::move(command), std::move(answer));
    case Act::list_notes:
      return list_notes(room, std::move(command), answer);
    case Act::remove_note:
      return remove_note(room, by, *command.number, answer);
    case Act::list_suspects:
      return list_suspects(room, answer);
    case Act::clear_suspect:
      return clear_suspect(room, by, std::move(command), std::move(answer));
    case Act::list_held:
      return list_held(room, answer);
    case Act::allow:
    case Act::deny:
      return decide({room.channel().id, by, std::move(command.message), command.rule->act == Act::allow,
                     std::move(command.text)},
                    answer);
    case Act::help:
      return answer(help(room.roles_of(by.user), command.text));
    case Act::announce:
      return announce(room, by, command, answer);
    case Act::disconnect:
    case Act::whisper:
    case Act::color:
      return;  // not a room's
  }
}

void Moderation::set_color(const By& by, const SlashCommand& command, Answer answer) {
  if (too_many(by)) return answer(too_quickly());
  acts_.set_color(by, command.text, [answer, usage = std::string(command.rule->usage_id)](Result<> changed) {
    if (changed) return answer({"color_changed", "Your color has been changed."});
    if (changed.error().code == Errc::invalid)
      return answer({usage, changed.error().what + ": " + changed.error().hint + "."});
    answer(failed(changed.error(), {}));
  });
}

void Moderation::ban(const Room& room, const By& by, SlashCommand command, Answer answer) {
  const bool timeout = command.rule->act == Act::timeout;
  const std::string verb = timeout ? "timeout" : "ban", login = command.user;
  const std::string text = timeout ? "You cannot time out " : "You cannot ban ";
  if (login == by.user.login) return answer({"bad_" + verb + "_self", text + "yourself."});
  if (login == room.channel().broadcaster_login)
    return answer({"bad_" + verb + "_broadcaster", text + "the broadcaster."});
  if (room.standing().has(Role::moderator, login) && !room.roles_of(by.user).broadcaster)
    return answer({"bad_" + verb + "_mod", text + "the moderator " + login + ": only the broadcaster can."});

  const std::optional<seconds> duration = command.duration;
  acts_.ban(order_of(room, by, command), duration, [login, timeout, duration, answer](Result<> banned) {
    if (!banned && (banned.error().code == Errc::exists || banned.error().code == Errc::conflict))
      return answer({"already_banned", login + " is already banned in this channel."});
    if (!banned) return answer(failed(banned.error(), login));
    if (timeout)
      return answer({"timeout_success", login + " has been timed out for " + span_text(*duration) + "."});
    answer({"ban_success", login + " is now banned from this channel."});
  });
}

void Moderation::unban(const Room& room, const By& by, SlashCommand command, Answer answer) {
  const std::string login = command.user;
  acts_.unban(order_of(room, by, command), [login, answer](Result<Acts::Lifted> lifted) {
    if (!lifted) return answer(failed(lifted.error(), login));
    switch (*lifted) {
      case Acts::Lifted::nothing:
        return answer({"bad_unban_no_ban", login + " is not banned from this channel."});
      case Acts::Lifted::timeout:
        return answer({"untimeout_success", login + " is no longer timed out in this channel."});
      case Acts::Lifted::ban:
        return answer({"unban_success", login + " is no longer banned from this channel."});
    }
  });
}

void Moderation::change_role(const Room& room, const By& by, SlashCommand command, Answer answer) {
  const Act act = command.rule->act;
  const bool moderator = act == Act::mod || act == Act::unmod, gives = act == Act::mod || act == Act::vip;
  const std::string login = command.user, role = moderator ? "a moderator" : "a VIP";
  if (login == room.channel().broadcaster_login)
    return answer({moderator ? (gives ? "bad_mod_mod" : "bad_unmod_mod")
                             : (gives ? "bad_vip_grantee_already_vip" : "bad_unvip_grantee_not_vip"),
                   "The broadcaster needs no role."});
  if (gives && room.standing().is_banned(login, clock_.wall()))
    return answer({moderator ? "bad_mod_banned" : "bad_vip_grantee_banned",
                   login + " is banned in this channel: unban the user first."});

  const auto done = [=](Result<bool> changed) {
    if (!changed && changed.error().code == Errc::conflict)
      return answer(
          {moderator ? "bad_mod_mod" : "bad_vip_grantee_already_vip",
           login + " is already " + (moderator ? "a VIP" : "a moderator") + ": take that role away first."});
    if (!changed) return answer(failed(changed.error(), login));
    switch (act) {
      case Act::mod:
        return answer(
            *changed ? Notice{"mod_success", "You have added " + login + " as a moderator of this channel."}
                     : Notice{"bad_mod_mod", login + " is already a moderator of this channel."});
      case Act::unmod:
        return answer(*changed ? Notice{"unmod_success",
                                        "You have removed " + login + " as a moderator of this channel."}
                               : Notice{"bad_unmod_mod", login + " is not a moderator of this channel."});
      case Act::vip:
        return answer(
            *changed ? Notice{"vip_success", "You have added " + login + " as a VIP of this channel."}
                     : Notice{"bad_vip_grantee_already_vip", login + " is already a VIP of this channel."});
      default:
        return answer(
            *changed ? Notice{"unvip_success", "You have removed " + login + " as a VIP of this channel."}
                     : Notice{"bad_unvip_grantee_not_vip", login + " is not a VIP of this channel."});
    }
  };
  const Role which = moderator ? Role::moderator : Role::vip;
  if (gives) return acts_.grant(order_of(room, by, command), which, done);
  acts_.revoke(order_of(room, by, command), which, done);
}

// Nothing is answered: everyone sees it.
void Moderation::clear(const Room& room, const By& by, std::string reason, Answer answer) {
  acts_.clear(room.channel().id, by, std::move(reason), act_context(room, {}), [answer](Result<> cleared) {
    if (!cleared) return answer(failed(cleared.error(), {}));
    answer({"clear_success", "All messages of this room have been taken off.", true});
  });
}

// A text that begins with a slash is no command of its own.
void Moderation::announce(Room& room, const By& by, const SlashCommand& command, const Answer& answer) {
  const std::string typed = "/ " + command.text;
  const Draft draft{.author = by.user, .typed = typed, .announcement = command.color};
  path_.take(room, draft, [answer](const Outcome& outcome) {
    if (outcome) return answer({"announce_success", "Your announcement has been made.", true});
    const RefusalWords words = words_for(outcome.error());
    answer({std::string(words.notice_id), words.text});
  });
}

}  // namespace sluice::chat
