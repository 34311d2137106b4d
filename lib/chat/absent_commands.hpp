#pragma once
// Slash commands that Twitch's chat has and this one has not: who types one is told so, with an id that
// clients of the dialect wait for, instead of that there is no such word.
#include <string_view>

namespace sluice::chat {

struct AbsentCommand {
  std::string_view word;       // "raid"
  std::string_view notice_id;  // NOTICE's msg-id
  std::string_view text;
};
const AbsentCommand* find_absent_command(std::string_view word);  // lower-case; null: it is none of these

}  // namespace sluice::chat
