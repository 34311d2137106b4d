#include "irc/message.hpp"

#include <algorithm>

namespace sluice::irc {

namespace {
constexpr std::size_t params_limit = 15;

// Takes the text up to the next space, and the spaces after it, off `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
  return word;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}
}  // namespace

Result<Message> parse_message(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return fail(Errc::invalid, "IRC line holds a NUL");
  std::string_view rest = line;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  Message message;
  if (rest.starts_with('@')) message.tags = parse_tags(take_word(rest).substr(1));
  if (rest.starts_with(':')) message.prefix = take_word(rest).substr(1);
  message.command = upper(take_word(rest));
  if (message.command.empty()) return fail(Errc::invalid, "IRC line without a command");
  while (!rest.empty()) {
    if (rest.starts_with(':')) {
      message.params.push_back(rest.substr(1));
      break;
    }
    if (message.params.size() + 1 == params_limit) {
      message.params.push_back(rest);
      break;
    }
    message.params.push_back(take_word(rest));
  }
  return message;
}

LineWriter& LineWriter::tag(std::string_view key, std::string_view value) {
  out_ += tagged_ ? ';' : '@';
  tagged_ = true;
  out_ += key;
  out_ += '=';
  append_escaped(out_, value);
  return *this;
}

LineWriter& LineWriter::prefix(std::string_view source) {
  if (tagged_) out_ += ' ';
  out_ += ':';
  text(source);
  prefixed_ = true;
  return *this;
}

LineWriter& LineWriter::command(std::string_view name) {
  if (tagged_ || prefixed_) out_ += ' ';
  text(name);
  return *this;
}

LineWriter& LineWriter::param(std::string_view value) {
  out_ += ' ';
  text(value);
  return *this;
}

LineWriter& LineWriter::channel(std::string_view name) {
  out_ += " #";
  text(name);
  return *this;
}

LineWriter& LineWriter::trailing(std::string_view value) {
  out_ += " :";
  text(value);
  return *this;
}

void LineWriter::text(std::string_view value) {
  const std::size_t from = out_.size();
  out_ += value;
  std::replace_if(
      out_.begin() + static_cast<std::ptrdiff_t>(from), out_.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

}  // namespace sluice::irc
