#pragma once
// Inside lib/chat: what the table of slash commands knows beside its rules (slash_command.hpp).
#include <string_view>

namespace sluice::chat {

// Of /announce, /announceblue, …, in lower case: "PRIMARY", "BLUE".
std::string_view announcement_color(std::string_view word);

}  // namespace sluice::chat
