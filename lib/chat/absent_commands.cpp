#include "chat/absent_commands.hpp"

#include <algorithm>
#include <array>

namespace sluice::chat {

namespace {
// unavailable_command is Twitch's for "not through this client"; the others are what tmi.js' calls fail on.
constexpr std::array commands{
    AbsentCommand{"raid", "unavailable_command", "Raids cannot be started from chat on this platform."},
    AbsentCommand{"unraid", "unavailable_command", "Raids cannot be stopped from chat on this platform."},
    AbsentCommand{"commercial", "bad_commercial_error", "This platform shows no commercials."},
    AbsentCommand{"marker", "unavailable_command",
                  "Streams cannot be marked from chat on this platform: all of a stream is recorded."},
    AbsentCommand{"host", "bad_host_error", "Channels do not host each other on this platform."},
    AbsentCommand{"unhost", "not_hosting", "Channels do not host each other on this platform."},
};
}  // namespace

const AbsentCommand* find_absent_command(std::string_view word) {
  const auto command = std::ranges::find(commands, word, &AbsentCommand::word);
  return command == commands.end() ? nullptr : &*command;
}

}  // namespace sluice::chat
