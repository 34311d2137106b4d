// What moderators look at one by one: messages, those that were held back, notes, and who may be avoiding a
// ban.
#include <algorithm>
#include <span>

#include "chat/act_context.hpp"
#include "chat/moderation.hpp"
#include "chat/moderation_answers.hpp"

namespace sluice::chat {

// One that the room no longer has in mind may be in the archive.
void Moderation::remove_message(const Room& room, const By& by, const SlashCommand& command, Answer answer) {
  if (const MessagePtr message = room.history().find(command.message))
    return remove_found(room, by, message, command.text, answer);
  acts_.find_message(room.channel().id, command.message,
                     [this, &room, by, reason = command.text, answer](Result<MessagePtr> found) {
                       if (found) return remove_found(room, by, *found, reason, answer);
                       if (found.error().code != Errc::not_found) return answer(failed(found.error(), {}));
                       answer({"bad_delete_message_error",
                               "There is no such message here, or it has been deleted already."});
                     });
}

void Moderation::remove_found(const Room& room, const By& by, const MessagePtr& message,
                              const std::string& reason, const Answer& answer) {
  const bool own = message->author.id == by.user.id, broadcaster = room.roles_of(by.user).broadcaster;
  const Roles author = room.roles_of(message->author);
  if (author.broadcaster && !own)
    return answer({"bad_delete_message_broadcaster", "You cannot delete the broadcaster's messages."});
  if (author.moderator && !own && !broadcaster)
    return answer({"bad_delete_message_mod", "You cannot delete messages of another moderator."});
  Removal removal{room.channel().id, by, message, reason, act_context(room, message->author.login)};
  acts_.remove_message(std::move(removal), [login = message->author.login, answer](Result<> removed) {
    if (!removed) return answer(failed(removed.error(), {}));
    answer({"delete_message_success", "The message from " + login + " is now deleted."});
  });
}

void Moderation::rule(const Room& room, Ruling ruling, Answer answer) {
  if (too_many(ruling.by)) return answer(too_quickly());
  if (const auto no = refused(room, ruling.by.user, Needs::moderator)) return answer(*no);
  decide(std::move(ruling), answer);
}

void Moderation::decide(Ruling ruling, const Answer& answer) {
  const bool allow = ruling.allow;
  acts_.rule(std::move(ruling), [allow, answer](Result<bool> ruled) {
    if (ruled && !allow) return answer({"automod_denied", "The message is denied."});
    if (ruled)
      return answer({"automod_allowed", *ruled ? "The message is allowed, and is published."
                                               : "The message is allowed, but it is not shown: its author "
                                                 "is banned or timed out."});
    if (ruled.error().code == Errc::not_found)
      return answer({"automod_not_held", "No such message is held in this channel."});
    if (ruled.error().code == Errc::conflict)
      return answer({"automod_decided", "It was too late: " + ruled.error().what + "."});
    answer(failed(ruled.error(), {}));
  });
}

void Moderation::queue(const Room& room, const By& by, Queue answer) {
  if (const auto limited = too_many(by))
    return answer(
        std::unexpected(NotShown{ErrorCode::rate_limited, too_quickly().text, limited->retry_after}));
  if (const auto no = refused(room, by.user, Needs::moderator))
    return answer(std::unexpected(NotShown{ErrorCode::no_permission, no->text}));
  acts_.held(room.channel(), [answer](Result<std::vector<Held>> held) {
    if (!held)
      return answer(std::unexpected(NotShown{ErrorCode::unavailable, failed(held.error(), {}).text}));
    answer(*std::move(held));
  });
}

// For who has no page: as many as a line has room for.
void Moderation::list_held(const Room& room, const Answer& answer) {
  acts_.held(room.channel(), [answer](const Result<std::vector<Held>>& held) {
    constexpr std::size_t most_listed = 3;
    constexpr std::size_t most_shown = 60;  // code points of each
    if (!held) return answer(failed(held.error(), {}));
    if (held->empty()) return answer({"no_held", "No message waits for a moderator."});
    std::string list;
    for (const Held& each : std::span(*held).first(std::min(most_listed, held->size())))
      list.append(list.empty() ? " " : " | ")
          .append(each.id + " " + each.user.login + ": " + first_code_points(each.text, most_shown));
    if (held->size() > most_listed) list += " | and " + std::to_string(held->size() - most_listed) + " more";
    answer({"held", "Messages that wait, to /allow or to /deny:" + list});
  });
}

void Moderation::note(const Room& room, const By& by, SlashCommand command, Answer answer) {
  const std::string login = command.user;
  acts_.note(order_of(room, by, command), [login, answer](Result<> noted) {
    if (!noted) return answer(failed(noted.error(), login));
    answer({"note_success", "Noted about " + login + "."});
  });
}

void Moderation::list_notes(const Room& room, SlashCommand command, const Answer& answer) {
  const std::string login = command.user;
  acts_.notes(room.channel().id, login, [login, answer](const Result<std::vector<Noted>>& notes) {
    if (!notes) return answer(failed(notes.error(), login));
    if (notes->empty()) return answer({"no_notes", "There are no notes about " + login + "."});
    std::vector<std::string> list;
    for (const Noted& note : *notes)
      list.push_back(std::to_string(note.number) + " by " + note.by + ", " + day_of(note.at) + ": " +
                     note.text);
    answer({"notes", "Notes about " + login + ": " + as_many_as_fit(list)});
  });
}

void Moderation::remove_note(const Room& room, const By& by, std::int64_t number, const Answer& answer) {
  acts_.remove_note(room.channel().id, by, number, [number, answer](const Result<>& removed) {
    if (!removed && removed.error().code == Errc::not_found)
      return answer({"bad_note_none", "This channel has no note " + std::to_string(number) + "."});
    if (!removed) return answer(failed(removed.error(), {}));
    answer({"note_removed", "Note " + std::to_string(number) + " is removed."});
  });
}

void Moderation::list_bans(const Room& room, const Answer& answer) {
  acts_.bans(room.channel().id, [answer, now = clock_.wall()](const Result<std::vector<Banned>>& bans) {
    if (!bans) return answer(failed(bans.error(), {}));
    if (bans->empty()) return answer({"no_bans", "Nobody is banned or timed out in this channel."});
    std::vector<std::string> list;
    for (const Banned& each : *bans) {
      std::string line = each.login;
      if (each.until)
        line += " for " + span_text(std::max(seconds(1), std::chrono::ceil<seconds>(*each.until - now)));
      if (!each.reason.empty()) line += ": " + each.reason;
      list.push_back(std::move(line));
    }
    answer({"bans", "Banned or timed out: " + as_many_as_fit(list)});
  });
}

void Moderation::list_suspects(const Room& room, const Answer& answer) {
  acts_.suspects(room.channel(), [answer](const Result<std::vector<Suspect>>& suspects) {
    if (!suspects) return answer(failed(suspects.error(), {}));
    if (suspects->empty()) return answer({"no_monitored", "Nobody here is flagged for avoiding a ban."});
    std::string list;
    for (const Suspect& each : *suspects)
      list.append(list.empty() ? "" : ", ")
          .append(each.login + " (" + each.evaluation + ": " + each.matched + " of " + each.banned + ")");
    answer({"monitored", "Flagged for what looks like avoiding a ban: " + list + "."});
  });
}

void Moderation::clear_suspect(const Room& room, const By& by, SlashCommand command, Answer answer) {
  const std::string login = command.user;
  acts_.clear_suspect(order_of(room, by, command), [login, answer](Result<bool> cleared) {
    if (!cleared) return answer(failed(cleared.error(), login));
    if (!*cleared) return answer({"bad_unmonitor_none", login + " is not flagged for avoiding a ban here."});
    answer({"unmonitor_success", login + " is cleared, and no longer flagged for avoiding a ban."});
  });
}

}  // namespace sluice::chat
