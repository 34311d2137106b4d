#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
constexpr std::string_view note_columns =
    "id, channel_id, user_id, text, coalesce(by_id, 0), by_name, by_address, at_ms, coalesce(remover_id, 0), "
    "remover_name, remover_address, removed_ms";

Note note_of(sqlite::Statement& row) {
  return {.id = NoteId(row.integer(0)),
          .channel = ChannelId(row.integer(1)),
          .user = UserId(row.integer(2)),
          .text = row.text(3),
          .by = actor_at(row, 4),
          .at = from_ms(row.integer(7)),
          .removed_by = actor_at(row, 8),
          .removed_at = optional_wall(row, 11)};
}

Result<> tell(Change& change, const Note& note, const Actor& actor, std::string_view action) {
  SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, note.channel));
  SLUICE_TRY_VALUE(User user, user_by_id(change.db, note.user));
  AuditEntry entry = act_on(channel, user, actor, action, "");
  entry.context = one_line({{"note_id", std::to_string(note.id.value())}, {"text", note.text}});
  SLUICE_TRY(append_audit(change, std::move(entry)));
  return {};
}
}  // namespace

Result<Note> SqliteNotes::add(ChannelId channel, UserId user, std::string_view typed, const Actor& actor) {
  SLUICE_TRY_VALUE(std::string text, platform::note_text(typed));
  return core_.write([&](Change& change) -> Result<Note> {
    SLUICE_TRY(channel_by_id(change.db, channel));
    SLUICE_TRY(user_by_id(change.db, user));
    SLUICE_TRY(
        change.db.run("INSERT INTO notes (channel_id, user_id, text, by_id, by_name, by_address, at_ms) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?)",
                      channel.value(), user.value(), text, null_if_zero(actor.user.value()), actor.name,
                      actor.address, to_ms(change.now)));
    Note note{.id = NoteId(change.db.last_row_id()),
              .channel = channel,
              .user = user,
              .text = text,
              .by = actor,
              .at = change.now};
    SLUICE_TRY(tell(change, note, actor, "note.add"));
    return note;
  });
}

Result<Note> SqliteNotes::remove(ChannelId channel, NoteId id, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<Note> {
    SLUICE_TRY_VALUE(Note note, first(change.db.query(fmt::format("SELECT {} FROM notes WHERE id = ? AND "
                                                                  "channel_id = ?",
                                                                  note_columns),
                                                      id.value(), channel.value()),
                                      note_of, fmt::format("no note {}", id.value())));
    if (note.removed_at) return note;
    note.removed_by = actor;
    note.removed_at = change.now;
    SLUICE_TRY(change.db.run(
        "UPDATE notes SET remover_id = ?, remover_name = ?, remover_address = ?, "
        "removed_ms = ? WHERE id = ?",
        null_if_zero(actor.user.value()), actor.name, actor.address, to_ms(change.now), id.value()));
    SLUICE_TRY(tell(change, note, actor, "note.remove"));
    return note;
  });
}

Result<std::vector<Note>> SqliteNotes::about(ChannelId channel, UserId user, NotesShown shown) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(fmt::format("SELECT {} FROM notes WHERE channel_id = ? AND user_id = ? {} ORDER BY id",
                             note_columns, shown == NotesShown::all ? "" : "AND removed_ms IS NULL"),
                 channel.value(), user.value()),
        note_of);
  });
}

}  // namespace sluice::store
