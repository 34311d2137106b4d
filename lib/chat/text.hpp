#pragma once
// The text of a message as it was typed → as the room shows it.
#include <string>
#include <string_view>

namespace sluice::chat {

inline constexpr std::size_t text_limit = 500;  // code points

struct Typed {
  std::string text;     // valid UTF-8, no control characters, single spaces, none at the ends
  bool action = false;  // "/me …", ".me …" or CTCP ACTION
  bool command =
      false;  // another "/word", or ".word" where that is a command: text is the line behind the sign
};

// "/ …" is the rest, whatever that begins with: dank-twitch-irc says lines that look like commands so.
Typed read_typed(std::string_view typed);

}  // namespace sluice::chat
