#include "relay/words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::relay {

namespace {
constexpr std::size_t most_words = 32, longest_name = 32, longest_shown = 200;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}
bool is_printable(char c) { return c >= ' ' && c <= '~'; }
}  // namespace

Bytes write_words(const Words& words) {
  Bytes out;
  ByteWriter writer(out);
  for (const auto& [name, value] : words) writer.text(name).text(" ").text(value).text("\n");
  return out;
}

Result<Words> read_words(ByteView bytes) {
  Words words;
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return fail(Errc::invalid, "a line that does not end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || !is_name(line.substr(0, blank))) return fail(Errc::invalid, "a line without a name and a value");
    const std::string_view value = line.substr(blank + 1);
    if (!std::ranges::all_of(value, is_printable)) return fail(Errc::invalid, "a value that is not printable");
    if (!words.emplace(line.substr(0, blank), value).second) return fail(Errc::invalid, "a name that is there twice");
    if (words.size() > most_words) return fail(Errc::invalid, "too many lines");
  }
  return words;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, longest_shown));
  std::ranges::replace_if(out, [](char c) { return !is_printable(c); }, '?');
  return out;
}

}  // namespace sluice::relay
