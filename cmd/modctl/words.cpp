// words: lists of phrases and patterns that channels share. Entries are written as in the files of automod
// (sluice-automod(5)); a list of the store has no categories.
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "automod/lists.hpp"
#include "base/utf8.hpp"
#include "commands.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
Result<store::WordList> named_list(Platform& platform, const app::Settings& settings) {
  auto list = platform.store->word_lists().by_name(settings.positional("LIST"));
  if (!list && list.error().code == Errc::not_found)
    list.error().hint = "modctl words list shows those there are";
  return list;
}

// A list is its owner's to change, whoever uses it.
Result<store::WordList> own_list(Platform& platform, const app::Settings& settings) {
  SLUICE_TRY_VALUE(store::WordList list, named_list(platform, settings));
  if (platform.actor.user == UserId() || platform.actor.user == list.owner) return list;
  return fail(Errc::denied, fmt::format("the word list \"{}\" belongs to {}", list.name, list.owner_name),
              "words add makes one of your own");
}

Json json_of(const store::WordList& list) {
  return {{"id", id_text(list.id.value())}, {"name", list.name},
          {"owner", list.owner_name},       {"entries", list.entries},
          {"version", list.version},        {"created_at", format_rfc3339(list.created_at)}};
}

store::WordEntry stored(const automod::Entry& entry) {
  const auto action = entry.action == automod::Action::allow  ? store::WordAction::allow
                      : entry.action == automod::Action::hold ? store::WordAction::hold
                                                              : store::WordAction::block;
  return {entry.phrase, entry.pattern ? store::WordKind::pattern : store::WordKind::phrase, action};
}

// Standard input, every entry of it one that automod takes.
Result<std::vector<store::WordEntry>> read_entries() {
  if (::isatty(STDIN_FILENO)) fmt::print(stderr, "modctl: entries from standard input, one a line:\n");
  const std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  if (std::cin.bad()) return fail(Errc::io, "read standard input: not everything could be read");
  SLUICE_TRY_VALUE(const std::vector<automod::Entry> entries, automod::parse_word_list(text));
  SLUICE_TRY_VALUE(automod::Folder folder, automod::Folder::make());
  SLUICE_TRY(automod::Lists::compile(folder, entries));
  std::vector<store::WordEntry> made;
  for (const automod::Entry& entry : entries) made.push_back(stored(entry));
  return made;
}

std::string line_of(const store::WordEntry& entry) {
  const char* slash = entry.kind == store::WordKind::pattern ? "/" : "";
  return fmt::format("{} custom {}{}{}", store::name(entry.action), slash, entry.text, slash);
}

Result<int> change(const app::Settings& settings, Platform& platform, bool put) {
  SLUICE_TRY_VALUE(const store::WordList list, own_list(platform, settings));
  store::WordListPatch patch;
  SLUICE_TRY_VALUE((put ? patch.put : patch.drop), read_entries());
  SLUICE_TRY_VALUE(const store::WordListChange done,
                   platform.store->word_lists().change(list.id, patch, platform.actor));
  Json object = json_of(done.list);
  object.update({{"added", done.added}, {"changed", done.changed}, {"dropped", done.dropped}});
  tell(settings, object,
       fmt::format("word list {}: {} added, {} changed, {} dropped; it has {}", done.list.name, done.added,
                   done.changed, done.dropped, done.list.entries));
  return 0;
}

Result<int> subscription(const app::Settings& settings, Platform& platform, bool wanted) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(const store::WordList list, named_list(platform, settings));
  store::WordLists& lists = platform.store->word_lists();
  SLUICE_TRY_VALUE(const bool changed, wanted ? lists.subscribe(channel.id, list.id, platform.actor)
                                              : lists.unsubscribe(channel.id, list.id, platform.actor));
  const char* state =
      wanted ? (changed ? "now holds" : "already holds") : (changed ? "no longer holds" : "does not hold");
  tell(settings, {{"channel", channel.name}, {"list", list.name}, {"result", changed ? "done" : "unchanged"}},
       fmt::format("word list {} {} in {}", list.name, state, channel.name));
  return 0;
}
}  // namespace

Result<int> words_add(const app::Settings& settings, Platform& platform) {
  const std::string owner = settings.has("owner") ? settings.text("owner") : settings.text("as");
  if (owner.empty())
    return fail(Errc::usage, "--owner is missing", "whose list it is: give --owner USER, or --as USER");
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, owner));
  if (platform.actor.user != UserId() && platform.actor.user != user.id)
    return fail(Errc::denied, fmt::format("{} makes no word list for {}", platform.actor.name, user.name));
  SLUICE_TRY_VALUE(const store::WordList list,
                   platform.store->word_lists().add(settings.positional("LIST"), user.id, platform.actor));
  tell(settings, json_of(list), fmt::format("added word list {} of {}", list.name, list.owner_name));
  return 0;
}

Result<int> words_remove(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::WordList list, own_list(platform, settings));
  SLUICE_TRY(platform.store->word_lists().remove(list.id, platform.actor));
  tell(settings, json_of(list),
       fmt::format("removed word list {} with its {} entries", list.name, list.entries));
  return 0;
}

Result<int> words_list(const app::Settings& settings, Platform& platform) {
  store::WordLists& lists = platform.store->word_lists();
  std::vector<store::WordList> found;
  if (settings.has("channel")) {
    SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.text("channel")));
    SLUICE_TRY_VALUE(found, lists.of_channel(channel.id));
  } else {
    SLUICE_TRY_VALUE(found, lists.list());
  }
  std::vector<std::vector<std::string>> rows{{"LIST", "OWNER", "ENTRIES", "VERSION", "SINCE"}};
  for (const store::WordList& list : found) {
    if (settings.flag("json")) print_json(json_of(list));
    rows.push_back({list.name, list.owner_name, std::to_string(list.entries), std::to_string(list.version),
                    format_rfc3339(list.created_at)});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> words_show(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::WordList list, named_list(platform, settings));
  SLUICE_TRY_VALUE(const auto entries, platform.store->word_lists().entries(list.id));
  for (const store::WordEntry& entry : entries)
    tell(settings,
         {{"kind", store::name(entry.kind)}, {"text", entry.text}, {"action", store::name(entry.action)}},
         line_of(entry));
  return 0;
}

Result<int> words_put(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, true);
}

Result<int> words_drop(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, false);
}

Result<int> words_subscribe(const app::Settings& settings, Platform& platform) {
  return subscription(settings, platform, true);
}

Result<int> words_unsubscribe(const app::Settings& settings, Platform& platform) {
  return subscription(settings, platform, false);
}

}  // namespace sluice::modctl
