#pragma once
// What moderators of a channel note about a user, for one another. One that was removed stays, with who
// removed it, and is shown only to who asks for those, too.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

using NoteId = Id<struct NoteIdTag, std::int64_t>;

struct Note {
  NoteId id;
  ChannelId channel;
  UserId user;
  std::string text;  // 1–500 characters on one line
  Actor by;
  Wall at;
  Actor removed_by;
  std::optional<Wall> removed_at;
};

enum class NotesShown { kept, all };

class Notes {
 public:
  virtual ~Notes() = default;
  // Errc::invalid for a text of another length, Errc::not_found for the channel or user. Audited as note.add.
  virtual Result<Note> add(ChannelId channel, UserId user, std::string_view text, const Actor& actor) = 0;
  // Errc::not_found where the channel has no such note. Audited as note.remove; a second time changes
  // nothing.
  virtual Result<Note> remove(ChannelId channel, NoteId id, const Actor& actor) = 0;
  virtual Result<std::vector<Note>> about(ChannelId channel, UserId user,
                                          NotesShown shown = NotesShown::kept) = 0;  // oldest first
};

}  // namespace sluice::store
