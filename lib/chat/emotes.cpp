#include "chat/emotes.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::chat {

std::vector<EmoteUse> EmoteSet::find(std::string_view utf8) const {
  std::vector<EmoteUse> uses;
  if (ids_.empty()) return uses;
  std::uint32_t at = 0;
  for (std::string_view word : split(utf8, ' ')) {
    const auto length = static_cast<std::uint32_t>(code_point_count(word));
    if (const auto found = ids_.find(std::string(word)); found != ids_.end() && length > 0)
      uses.push_back({found->second, at, at + length - 1});
    at += length + 1;
  }
  return uses;
}

bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses) {
  std::size_t covered = 0, spaces = 0;
  for (const EmoteUse& use : uses) covered += use.last - use.first + 1;
  for (char c : utf8) spaces += c == ' ';
  return covered + spaces == code_point_count(utf8);
}

}  // namespace sluice::chat
