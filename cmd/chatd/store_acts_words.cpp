// Words: a channel's own terms, and the lists that channels share, by the rules that modctl has
// (words/entries.hpp).
#include <algorithm>

#include "store_acts.hpp"
#include "words/entries.hpp"

namespace sluice::chatd {

void StoreActs::change_words(chat::WordChange change,
                             std::function<void(Result<chat::ChangedWords>)> answer) {
  const auto act = [this, change = std::move(change)]() -> Result<chat::ChangedWords> {
    const store::Actor actor = actor_of(change.by);
    store::WordLists& lists = store_.word_lists();
    store::WordListId list;
    if (!change.list.empty()) {
      SLUICE_TRY_VALUE(const store::WordList own, words::list_to_change(lists, change.list, actor));
      list = own.id;
    }
    store::WordListPatch patch;
    if (change.drop) {
      SLUICE_TRY_VALUE(const std::vector<store::WordEntry> there,
                       change.list.empty() ? lists.terms(change.channel) : lists.entries(list));
      SLUICE_TRY_VALUE(store::WordEntry entry, words::read_entry_to_drop(change.entry, there));
      patch.drop.push_back(std::move(entry));
    } else {
      SLUICE_TRY_VALUE(store::WordEntry entry, words::read_entry(change.entry));
      patch.put.push_back(std::move(entry));
    }
    SLUICE_TRY_VALUE(const store::WordListChange done, change.list.empty()
                                                           ? lists.change_terms(change.channel, patch, actor)
                                                           : lists.change(list, patch, actor));
    return chat::ChangedWords{done.added, done.changed, done.dropped, done.list.entries};
  };
  run<chat::ChangedWords>(act, [this, answer = std::move(answer)](Result<chat::ChangedWords> changed) {
    if (changed) changed->judged = judged_;
    answer(std::move(changed));
  });
}

void StoreActs::words(ChannelId channel, std::string list, std::string part,
                      std::function<void(Result<std::vector<chat::RoomWord>>)> answer) {
  const auto ask = [this, channel, list = std::move(list),
                    part = std::move(part)]() -> Result<std::vector<chat::RoomWord>> {
    std::vector<store::WordEntry> entries;
    if (list.empty()) {
      SLUICE_TRY_VALUE(entries, store_.word_lists().terms(channel));
    } else {
      SLUICE_TRY_VALUE(const store::WordList found, store_.word_lists().by_name(list));
      SLUICE_TRY_VALUE(entries, store_.word_lists().entries(found.id));
    }
    SLUICE_TRY_VALUE(entries, words::with_part(std::move(entries), part));
    std::vector<chat::RoomWord> words;
    for (const store::WordEntry& entry : entries)
      words.push_back(
          {entry.text, entry.kind == store::WordKind::pattern, std::string(store::name(entry.action)), 0});
    return words;
  };
  offload_.run(ask, std::move(answer));
}

void StoreActs::word_lists(ChannelId channel,
                           std::function<void(Result<std::vector<chat::SharedList>>)> answer) {
  const auto ask = [this, channel]() -> Result<std::vector<chat::SharedList>> {
    SLUICE_TRY_VALUE(const std::vector<store::WordList> all, store_.word_lists().list());
    SLUICE_TRY_VALUE(const std::vector<store::WordList> here, store_.word_lists().of_channel(channel));
    std::vector<chat::SharedList> lists;
    for (const store::WordList& list : all)
      lists.push_back({list.name, list.owner_name, list.entries,
                       std::ranges::find(here, list.id, &store::WordList::id) != here.end()});
    return lists;
  };
  offload_.run(ask, std::move(answer));
}

void StoreActs::add_word_list(chat::By by, std::string name, std::function<void(Result<>)> answer) {
  const auto act = [this, by = std::move(by), name = std::move(name)]() -> Result<> {
    SLUICE_TRY(store_.word_lists().add(name, by.user.id, actor_of(by)));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::remove_word_list(chat::By by, std::string name, std::function<void(Result<>)> answer) {
  const auto act = [this, by = std::move(by), name = std::move(name)]() -> Result<> {
    const store::Actor actor = actor_of(by);
    SLUICE_TRY_VALUE(const store::WordList list, words::list_to_change(store_.word_lists(), name, actor));
    return store_.word_lists().remove(list.id, actor);
  };
  run<void>(act, std::move(answer));
}

void StoreActs::subscribe(ChannelId channel, chat::By by, std::string list, bool holds,
                          std::function<void(Result<bool>)> answer) {
  const auto act = [this, channel, by = std::move(by), list = std::move(list), holds]() -> Result<bool> {
    SLUICE_TRY_VALUE(const store::WordList found, store_.word_lists().by_name(list));
    store::WordLists& lists = store_.word_lists();
    return holds ? lists.subscribe(channel, found.id, actor_of(by))
                 : lists.unsubscribe(channel, found.id, actor_of(by));
  };
  run<bool>(act, std::move(answer));
}

}  // namespace sluice::chatd
