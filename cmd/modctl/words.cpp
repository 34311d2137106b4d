// words: lists of phrases and patterns that channels share; terms: a channel's own.
#include <fmt/format.h>
#include <unistd.h>

#include "app/input_lines.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "words/entries.hpp"

namespace sluice::modctl {

namespace {
Result<store::WordList> named_list(Platform& platform, const app::Settings& settings) {
  auto list = platform.store->word_lists().by_name(settings.positional("LIST"));
  if (!list && list.error().code == Errc::not_found)
    list.error().hint = "modctl words list shows those there are";
  return list;
}

Result<store::WordList> own_list(Platform& platform, const app::Settings& settings) {
  auto list =
      words::list_to_change(platform.store->word_lists(), settings.positional("LIST"), platform.actor);
  if (list) return list;
  if (list.error().code == Errc::denied) list.error().hint = "words add makes one of your own";
  if (list.error().code == Errc::not_found) list.error().hint = "modctl words list shows those there are";
  return list;
}

Json word_list_json(const store::WordList& list) {
  return {{"id", id_text(list.id.value())}, {"name", list.name},
          {"owner", list.owner_name},       {"entries", list.entries},
          {"version", list.version},        {"created_at", format_rfc3339(list.created_at)}};
}

// Standard input; to be put, every entry of it is one that automod takes.
Result<std::vector<store::WordEntry>> read_entries(bool put) {
  if (::isatty(STDIN_FILENO)) fmt::print(stderr, "modctl: entries from standard input, one a line:\n");
  SLUICE_TRY_VALUE(const std::string text, app::read_input(STDIN_FILENO));
  return put ? words::read_entries(text) : words::read_entries_to_drop(text);
}

void show(const app::Settings& settings, const std::vector<store::WordEntry>& entries) {
  for (const store::WordEntry& entry : entries)
    tell(settings,
         {{"kind", store::name(entry.kind)}, {"text", entry.text}, {"action", store::name(entry.action)}},
         words::line_of(entry));
}

Result<store::WordListPatch> read_patch(bool put) {
  store::WordListPatch patch;
  SLUICE_TRY_VALUE((put ? patch.put : patch.drop), read_entries(put));
  return patch;
}

Result<int> change(const app::Settings& settings, Platform& platform, bool put) {
  SLUICE_TRY_VALUE(const store::WordList list, own_list(platform, settings));
  SLUICE_TRY_VALUE(const store::WordListPatch patch, read_patch(put));
  SLUICE_TRY_VALUE(const store::WordListChange done,
                   platform.store->word_lists().change(list.id, patch, platform.actor));
  Json object = word_list_json(done.list);
  object.update({{"added", done.added}, {"changed", done.changed}, {"dropped", done.dropped}});
  tell(settings, object,
       fmt::format("word list {}: {} added, {} changed, {} dropped; it has {}", done.list.name, done.added,
                   done.changed, done.dropped, done.list.entries));
  return 0;
}

Result<int> change_terms(const app::Settings& settings, Platform& platform, bool put) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(const store::WordListPatch patch, read_patch(put));
  SLUICE_TRY_VALUE(const store::WordListChange done,
                   platform.store->word_lists().change_terms(channel.id, patch, platform.actor));
  tell(settings,
       {{"channel", channel.name},
        {"entries", done.list.entries},
        {"version", done.list.version},
        {"added", done.added},
        {"changed", done.changed},
        {"dropped", done.dropped}},
       fmt::format("terms of {}: {} added, {} changed, {} dropped; it has {}", channel.name, done.added,
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
  tell(settings, word_list_json(list), fmt::format("added word list {} of {}", list.name, list.owner_name));
  return 0;
}

Result<int> words_remove(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::WordList list, own_list(platform, settings));
  SLUICE_TRY(platform.store->word_lists().remove(list.id, platform.actor));
  tell(settings, word_list_json(list),
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
    if (settings.flag("json")) print_json(word_list_json(list));
    rows.push_back({list.name, list.owner_name, std::to_string(list.entries), std::to_string(list.version),
                    format_rfc3339(list.created_at)});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> words_show(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::WordList list, named_list(platform, settings));
  SLUICE_TRY_VALUE(const auto entries, platform.store->word_lists().entries(list.id));
  show(settings, entries);
  return 0;
}

Result<int> words_put(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, true);
}

Result<int> words_drop(const app::Settings& settings, Platform& platform) {
  return change(settings, platform, false);
}

Result<int> terms_show(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(const auto entries, platform.store->word_lists().terms(channel.id));
  show(settings, entries);
  return 0;
}

Result<int> terms_put(const app::Settings& settings, Platform& platform) {
  return change_terms(settings, platform, true);
}

Result<int> terms_drop(const app::Settings& settings, Platform& platform) {
  return change_terms(settings, platform, false);
}

Result<int> words_subscribe(const app::Settings& settings, Platform& platform) {
  return subscription(settings, platform, true);
}

Result<int> words_unsubscribe(const app::Settings& settings, Platform& platform) {
  return subscription(settings, platform, false);
}

}  // namespace sluice::modctl
