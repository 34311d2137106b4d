#include "chat/text.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "chat/absent_commands.hpp"
#include "chat/slash_command.hpp"

namespace sluice::chat {

namespace {
// What ends a line, or stands for no character at all: C0, DEL, C1, LINE and PARAGRAPH SEPARATOR.
bool is_blank(char32_t c) {
  return c <= 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

// Embeddings, overrides and isolates (UAX 9): one that is left open turns round what stands beside the
// message. The marks (LRM, RLM, ALM) reach no further than their place and stay.
bool turns_the_line(char32_t c) {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

// Blanks become one space between words.
std::string folded(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0, n = 0; at < utf8.size(); at += n) {
    n = utf8_length(utf8[at]);
    const char32_t c = utf8_code_point(utf8.substr(at, n));
    if (turns_the_line(c)) continue;
    if (!is_blank(c)) {
      out += utf8.substr(at, n);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_command(std::string_view word) {
  return find_command(word) != nullptr || find_absent_command(word) != nullptr;
}

std::string_view after_word(std::string_view text) {
  const std::size_t space = text.find(' ');
  return space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
}
}  // namespace

Typed read_typed(std::string_view typed) {
  constexpr std::string_view ctcp_action =
      "\x01"
      "ACTION";
  Typed result;
  const std::string_view after_ctcp =
      typed.starts_with(ctcp_action) ? typed.substr(ctcp_action.size()) : std::string_view("x");
  result.action = after_ctcp.empty() || after_ctcp.front() == ' ' || after_ctcp.front() == '\x01';
  result.text = folded(to_valid_utf8(result.action ? after_ctcp : typed));
  if (result.action) return result;

  const std::string word = ascii_lower(std::string_view(result.text).substr(0, result.text.find(' ')));
  if (word == "/me" || word == ".me") {
    result.action = true;
    result.text = after_word(result.text);
  } else if (word == "/") {
    result.text = after_word(result.text);
  } else if (word.starts_with('/') ||
             (word.starts_with('.') && is_command(std::string_view(word).substr(1)))) {
    result.command = true;
    result.text.erase(0, 1);
  }
  return result;
}

}  // namespace sluice::chat
