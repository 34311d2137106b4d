#include "platform/scopes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace sluice::platform {

namespace {
constexpr std::array<std::pair<Scope, std::string_view>, 4> scope_names{{
    {Scope::chat_read, "chat:read"},
    {Scope::chat_edit, "chat:edit"},
    {Scope::channel_manage, "channel:manage"},
    {Scope::moderation_manage, "moderation:manage"},
}};

std::string all_names() {
  std::string text;
  for (auto& [scope, name] : scope_names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}
}  // namespace

std::string_view name(Scope scope) {
  return std::ranges::find(scope_names, scope, &decltype(scope_names)::value_type::first)->second;
}

std::string Scopes::text() const {
  std::string text;
  for (auto& [scope, name] : scope_names)
    if (has(scope)) text += (text.empty() ? "" : ",") + std::string(name);
  return text;
}

Result<Scopes> parse_scopes(std::string_view text) {
  Scopes scopes;
  while (!text.empty()) {
    std::size_t end = std::min(text.find_first_of(", "), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    auto known = std::ranges::find(scope_names, word, &decltype(scope_names)::value_type::second);
    if (known == scope_names.end())
      return fail(Errc::invalid, fmt::format("unknown scope \"{}\"", word), "the scopes are " + all_names());
    scopes.add(known->first);
  }
  return scopes;
}

}  // namespace sluice::platform
