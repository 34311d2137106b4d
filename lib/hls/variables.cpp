#include "hls/variables.hpp"

#include <algorithm>
#include <array>

#include "base/percent.hpp"
#include "base/text.hpp"

namespace sluice::hls {
namespace {

// Of one playlist. Definitions may refer to definitions, so a short playlist could otherwise ask for all memory there is.
constexpr std::size_t most_given = 16u << 20;

bool of_variable_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }
bool is_name(std::string_view text) { return !text.empty() && std::ranges::all_of(text, of_variable_name); }

// The query parameter as it is written, "" when it has no value; nothing when there is none.
std::optional<std::string_view> raw_parameter(std::string_view url, std::string_view name) {
  url = url.substr(0, url.find('#'));
  const std::size_t query = url.find('?');
  if (query == std::string_view::npos) return std::nullopt;
  for (const std::string_view each : split(url.substr(query + 1), '&')) {
    const std::size_t equals = each.find('=');
    if (percent_decoded(each.substr(0, equals)) == name) return equals == std::string_view::npos ? "" : each.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace

void VariableScope::define(const AttributeList& list, std::size_t line, const Tell& tell) {
  static constexpr std::array kinds = {"NAME", "IMPORT", "QUERYPARAM"};
  if (std::ranges::count_if(kinds, [&](const char* kind) { return list.has(kind); }) != 1) {
    return tell("define-tag", "EXT-X-DEFINE has not one of NAME, IMPORT and QUERYPARAM");
  }
  const std::string kind = *std::ranges::find_if(kinds, [&](const char* each) { return list.has(each); });
  const std::string name = list.text(kind).value_or("");
  if (!is_name(name)) return tell("define-tag", "the " + kind + " of EXT-X-DEFINE is no name of letters, digits, '-' and '_'");
  if (variables_.contains(name)) return tell("variable-once", "the variable " + name + " is defined twice");
  variables_[name] = value_of(list, kind, name, line, tell);
}

std::string VariableScope::value_of(const AttributeList& list, const std::string& kind, const std::string& name, std::size_t line, const Tell& tell) {
  if (kind == "QUERYPARAM") return parameter(name, tell);
  if (kind == "NAME") {
    const auto value = list.text("VALUE");
    if (!value) tell("define-tag", "the EXT-X-DEFINE of " + name + " has no VALUE");
    return value.value_or("");
  }
  const auto found = loaded_.multivariant ? loaded_.multivariant->find(name) : Variables::const_iterator();
  const bool there = loaded_.multivariant && found != loaded_.multivariant->end();
  imports_.push_back({name, line, there});
  return there ? found->second : "";
}

std::string VariableScope::parameter(const std::string& name, const Tell& tell) const {
  if (!loaded_.url) return "";
  const auto wrong = [&](const std::string& what) {
    tell("query-parameter", "the query parameter " + name + " " + what);
    return "";
  };
  const auto raw = raw_parameter(*loaded_.url, name);
  if (!raw) return wrong("is not in the playlist's URL");
  if (raw->empty()) return wrong("has no value in the playlist's URL");
  const auto value = percent_decoded(*raw);
  if (!value) return wrong("is not percent-encoded");
  if (value->find_first_of("\r\n\"") != std::string::npos) return wrong("holds what a quoted string may not");
  return *value;
}

std::string VariableScope::substituted(std::string_view text, const Tell& tell) {
  std::string out;
  for (std::size_t at; (at = text.find("{$")) != std::string_view::npos;) {
    std::size_t end = at + 2;
    while (end < text.size() && of_variable_name(text[end])) ++end;
    const std::string_view name = text.substr(at + 2, end - at - 2);
    if (name.empty() || end == text.size() || text[end] != '}') {
      out += text.substr(0, at + 2);
      text.remove_prefix(at + 2);
      continue;
    }
    out += text.substr(0, at);
    const auto variable = variables_.find(name);
    if (variable == variables_.end()) {
      if (told_.emplace(name).second) tell("variable-undefined", "no EXT-X-DEFINE before it defines the variable " + std::string(name));
      out += text.substr(at, end + 1 - at);
    } else if (given_ + variable->second.size() <= most_given) {
      out += variable->second;
      given_ += variable->second.size();
    } else if (told_.emplace("").second) {
      tell("define-tag", "what its variables stand for is more than " + std::to_string(most_given >> 20) + " MB in all: the rest is left out");
    }
    text.remove_prefix(end + 1);
  }
  return out.append(text);
}

void VariableScope::substitute(AttributeList& list, const Tell& tell) {
  list.change_texts([&](std::string_view text) { return substituted(text, tell); });
}

}  // namespace sluice::hls
