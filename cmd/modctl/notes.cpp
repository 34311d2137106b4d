// note: what moderators note about users, for one another.
#include <fmt/format.h>

#include "base/text.hpp"
#include "commands.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
Json note_json(const store::Channel& channel, const std::string& user, const store::Note& note) {
  return {{"id", id_text(note.id.value())},
          {"channel", channel.name},
          {"user", user},
          {"text", note.text},
          {"by", json_of(note.by)},
          {"at", format_rfc3339(note.at)},
          {"removed_by", note.removed_at ? json_of(note.removed_by) : Json()},
          {"removed_at", time_or_null(note.removed_at)}};
}
}  // namespace

Result<int> note_add(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(
      const store::Note note,
      platform.store->notes().add(channel.id, user.id, settings.positional("TEXT"), platform.actor));
  tell(settings, note_json(channel, user.name, note),
       fmt::format("note {} about {} in {}", note.id.value(), user.name, channel.name));
  return 0;
}

Result<int> note_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.positional("USER")));
  const auto shown = settings.flag("all") ? store::NotesShown::all : store::NotesShown::kept;
  SLUICE_TRY_VALUE(const auto notes, platform.store->notes().about(channel.id, user.id, shown));
  std::vector<std::vector<std::string>> rows{{"ID", "AT", "BY", "TEXT"}};
  if (settings.flag("all")) rows.front().insert(rows.front().begin() + 3, "REMOVED");
  for (const store::Note& note : notes) {
    if (settings.flag("json")) print_json(note_json(channel, user.name, note));
    std::vector<std::string> row{id_text(note.id.value()), format_rfc3339(note.at), note.by.name, note.text};
    if (settings.flag("all")) row.insert(row.begin() + 3, time_or(note.removed_at, "-"));
    rows.push_back(std::move(row));
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> note_remove(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  const std::string typed = settings.positional("ID");
  const auto id = parse_number<std::int64_t>(typed);
  if (!id || *id < 1)
    return fail(Errc::usage, fmt::format("\"{}\" is no number of a note", typed),
                fmt::format("modctl note list {} USER shows them", channel.name));
  auto note = platform.store->notes().remove(channel.id, store::NoteId(*id), platform.actor);
  if (!note && note.error().code == Errc::not_found)
    note.error().hint = fmt::format("modctl note list {} USER shows those there are", channel.name);
  if (!note) return std::unexpected(std::move(note).error());
  SLUICE_TRY_VALUE(const store::User user, platform.store->users().by_id(note->user));
  tell(settings, note_json(channel, user.name, *note),
       fmt::format("removed note {} about {} in {}", note->id.value(), user.name, channel.name));
  return 0;
}

}  // namespace sluice::modctl
