#include "app/options.hpp"
#include "app/values.hpp"
#include "base/text.hpp"

namespace sluice::app {

const Settings::Value* Settings::find(std::string_view name) const {
  const auto at = options_.find(name);
  return at == options_.end() || at->second.values.empty() ? nullptr : &at->second;
}

bool Settings::flag(std::string_view name) const {
  const Value* value = find(name);
  return value && parse_flag(value->values.front()).value_or(false);
}
bool Settings::has(std::string_view name) const { return find(name) != nullptr; }
std::string Settings::text(std::string_view name) const {
  const Value* value = find(name);
  return value ? value->values.front() : std::string();
}
std::int64_t Settings::integer(std::string_view name) const { return parse_number<std::int64_t>(text(name)).value_or(0); }
double Settings::number(std::string_view name) const { return parse_real(text(name)).value_or(0); }
std::chrono::milliseconds Settings::duration(std::string_view name) const {
  return parse_duration(text(name)).value_or(std::chrono::milliseconds(0));
}
std::uint64_t Settings::size(std::string_view name) const { return parse_size(text(name)).value_or(0); }
std::vector<std::string> Settings::list(std::string_view name) const {
  const Value* value = find(name);
  return value ? value->values : std::vector<std::string>();
}
std::string Settings::positional(std::string_view name) const {
  const auto at = positionals_.find(name);
  return at == positionals_.end() || at->second.empty() ? std::string() : at->second.front();
}
std::vector<std::string> Settings::positionals(std::string_view name) const {
  const auto at = positionals_.find(name);
  return at == positionals_.end() ? std::vector<std::string>() : at->second;
}
std::string Settings::origin(std::string_view name) const {
  const Value* value = find(name);
  return value ? value->origin : "unset";
}

}  // namespace sluice::app
