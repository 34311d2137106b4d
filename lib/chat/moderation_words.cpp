// Words: a channel's own terms, and the lists that channels share.
#include <optional>

#include "chat/moderation.hpp"
#include "chat/moderation_answers.hpp"

namespace sluice::chat {

namespace {
// "hold heck", "block /h+e+c+k/"
std::string told(const RoomWord& word) {
  return word.action + " " + (word.pattern ? "/" + word.text + "/" : word.text);
}

std::vector<std::string> told(const std::vector<RoomWord>& words) {
  std::vector<std::string> list;
  for (const RoomWord& word : words) list.push_back(told(word));
  return list;
}

// "hold custom heck", as a list's file has it; `text` is what follows then.
std::optional<std::string> take_action(std::string& text) {
  for (const std::string action : {"allow", "hold", "block"})
    if (const std::string head = action + " custom "; text.starts_with(head) && text.size() > head.size()) {
      text.erase(0, head.size());
      return action;
    }
  return std::nullopt;
}

std::string entries(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

std::string with_hint(const Error& error) {
  return error.what + (error.hint.empty() ? "" : " (" + error.hint + ")");
}

// What is wrong with a list, or with what is to be on it.
Notice no_list(const Error& error, const std::string& list) {
  if (error.code == Errc::not_found)
    return {"bad_wordlist_none",
            "There is no word list called " + list + ": /wordlist lists those there are."};
  if (error.code == Errc::denied)
    return {"bad_wordlist_owner", "Only its owner changes a word list: " + error.what + "."};
  if (error.code == Errc::invalid || error.code == Errc::exists)
    return {"bad_wordlist", "That could not be done: " + with_hint(error) + "."};
  return failed(error, {});
}
}  // namespace

void Moderation::terms(const Room& room, const By& by, SlashCommand command, const Answer& answer) {
  const ChannelId channel = room.channel().id;
  std::string text = command.text;
  if (command.verb == "list")
    return acts_.words(channel, {}, text, [answer, text](const Result<std::vector<RoomWord>>& words) {
      if (!words) return answer(failed(words.error(), {}));
      if (words->empty())
        return answer({"no_terms", text.empty() ? "This channel has no terms of its own."
                                                : "No term of this channel has that in it."});
      answer({"terms", "Terms of this channel: " + as_many_as_fit(told(*words))});
    });
  const bool drop = command.verb == "remove";
  std::string action = command.verb == "add" || drop ? "block" : command.verb;
  if (command.verb == "add" || drop) action = take_action(text).value_or(action);
  const auto done = [answer, text, action, drop](const Result<ChangedWords>& changed) {
    if (!changed && changed.error().code == Errc::invalid)
      return answer({"bad_term", "That is no term: " + with_hint(changed.error()) + "."});
    if (!changed) return answer(failed(changed.error(), {}));
    if (drop && changed->dropped == 0)
      return answer(
          {"bad_term_none", "This channel has no term \"" + text + "\": /term list shows those there are."});
    if (drop) return answer({"term_removed", "The term \"" + text + "\" is removed."});
    if (!changed->judged)
      return answer({"term_added", "The term \"" + text + "\" is kept; AutoMod is off here."});
    const std::string does = action == "block"  ? "blocks what is said"
                             : action == "hold" ? "holds what is said for a moderator"
                                                : "is let through";
    if (changed->added + changed->changed == 0)
      return answer({"already_term", "The term \"" + text + "\" " + does + " already."});
    answer({"term_added", "The term \"" + text + "\" now " + does + "."});
  };
  acts_.change_words({channel, by, {}, action + " custom " + text, drop}, done);
}

void Moderation::word_lists(const Room& room, const By& by, SlashCommand command, const Answer& answer) {
  const std::string& verb = command.verb;
  if (verb == "list") return list_word_lists(room, answer);
  if (verb == "show") return show_word_list(room, std::move(command.list), answer);
  if (verb == "put" || verb == "drop") return change_word_list(room, by, std::move(command), answer);
  const std::string list = command.list;
  if (verb == "subscribe" || verb == "unsubscribe") {
    const bool holds = verb == "subscribe";
    return acts_.subscribe(room.channel().id, by, list, holds, [answer, list, holds](Result<bool> changed) {
      if (!changed) return answer(no_list(changed.error(), list));
      const std::string state = holds ? (*changed ? "now holds" : "already holds")
                                      : (*changed ? "no longer holds" : "does not hold");
      answer({holds ? "wordlist_subscribed" : "wordlist_unsubscribed",
              "The word list " + list + " " + state + " in this channel."});
    });
  }
  const bool add = verb == "add";
  const auto done = [answer, list, add](Result<> done) {
    if (!done) return answer(no_list(done.error(), list));
    answer({add ? "wordlist_added" : "wordlist_removed",
            "The word list " + list + (add ? " is yours, and has no entries yet." : " is removed.")});
  };
  if (add) return acts_.add_word_list(by, list, done);
  acts_.remove_word_list(by, list, done);
}

void Moderation::list_word_lists(const Room& room, const Answer& answer) {
  acts_.word_lists(room.channel().id, [answer](const Result<std::vector<SharedList>>& lists) {
    if (!lists) return answer(failed(lists.error(), {}));
    if (lists->empty()) return answer({"no_wordlists", "There are no word lists that channels share."});
    std::vector<std::string> told;
    for (const bool holds : {true, false})
      for (const SharedList& list : *lists)
        if (list.holds == holds)
          told.push_back(list.name + " of " + list.owner + " (" + entries(list.entries) +
                         (holds ? ", holds here)" : ")"));
    answer({"wordlists", "Word lists: " + as_many_as_fit(told)});
  });
}

void Moderation::show_word_list(const Room& room, std::string list, const Answer& answer) {
  acts_.words(room.channel().id, list, {}, [answer, list](const Result<std::vector<RoomWord>>& words) {
    if (!words) return answer(no_list(words.error(), list));
    if (words->empty()) return answer({"wordlist", "The word list " + list + " has no entries."});
    answer({"wordlist", "The word list " + list + ": " + as_many_as_fit(told(*words))});
  });
}

void Moderation::change_word_list(const Room& room, const By& by, SlashCommand command,
                                  const Answer& answer) {
  const std::string list = command.list;
  const auto done = [answer, list](const Result<ChangedWords>& changed) {
    if (!changed) return answer(no_list(changed.error(), list));
    const std::string did = changed->added     ? "is on"
                            : changed->changed ? "does otherwise now on"
                            : changed->dropped ? "is off"
                                               : "changes nothing on";
    answer({"wordlist_changed", "The entry " + did + " the word list " + list + ", which has " +
                                    entries(changed->entries) + "."});
  };
  acts_.change_words({room.channel().id, by, list, std::move(command.text), command.verb == "drop"}, done);
}

}  // namespace sluice::chat
