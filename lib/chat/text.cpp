#include "chat/text.hpp"

#include "base/utf8.hpp"

namespace sluice::chat {

namespace {
// Control characters and spaces become one space between words.
std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
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
  result.action = typed.starts_with(ctcp_action);
  result.text = to_valid_utf8(folded(result.action ? typed.substr(ctcp_action.size()) : typed));
  if (result.action) return result;
  if (result.text == "/me" || result.text.starts_with("/me ")) {
    result.action = true;
    result.text = after_word(result.text);
  } else if (result.text.starts_with('/')) {
    result.command = true;
    result.text = result.text.substr(1, result.text.find(' ') - 1);
  }
  return result;
}

}  // namespace sluice::chat
