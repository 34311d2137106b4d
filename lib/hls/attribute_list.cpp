#include "hls/attribute_list.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::hls {
namespace {

bool of_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; }
// Of a hexadecimal sequence; X-NAME, the client's own, may be one.
bool is_hexadecimal(std::string_view name) { return name == "IV" || name.starts_with("SCTE35-") || name.starts_with("X-"); }
bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (!std::ranges::all_of(whole, digit) || !std::ranges::all_of(fraction, digit) || text.size() > 40) return std::nullopt;
  return parse_real(text.ends_with('.') ? text.substr(0, text.size() - 1) : text);
}

AttributeList AttributeList::parse(std::string_view text) {
  AttributeList list;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || name.empty() || !std::ranges::all_of(name, of_name)) {
      list.error_ = "'" + std::string(name.substr(0, 40)) + "' is no attribute name with a value";
      return list;
    }
    text.remove_prefix(equals + 1);
    Attribute attribute{std::string(name), "", false};
    std::size_t end;
    if (text.starts_with('"')) {
      attribute.quoted = true;
      end = text.find('"', 1);
      if (end == std::string_view::npos) {
        list.error_ = attribute.name + " has no closing quote";
        return list;
      }
      attribute.value = text.substr(1, end - 1);
      ++end;
    } else {
      end = std::min(text.find(','), text.size());
      attribute.value = text.substr(0, end);
      if (attribute.value.empty() || attribute.value.find_first_of("\" \t") != std::string::npos) {
        list.error_ = attribute.name + " has no well-formed value";
        return list;
      }
    }
    if (list.has(attribute.name)) list.duplicate_ = attribute.name;
    list.attributes_.push_back(std::move(attribute));
    text.remove_prefix(end);
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1) {
      list.error_ = "after " + list.attributes_.back().name + " comes no comma and attribute";
      return list;
    }
    text.remove_prefix(1);
  }
  return list;
}

const Attribute* AttributeList::find(std::string_view name) const {
  const auto at = std::ranges::find(attributes_, name, &Attribute::name);
  return at == attributes_.end() ? nullptr : &*at;
}

void AttributeList::change_texts(const std::function<std::string(std::string_view)>& change) {
  for (Attribute& attribute : attributes_) {
    if (attribute.quoted || is_hexadecimal(attribute.name)) attribute.value = change(attribute.value);
  }
}

std::optional<std::string> AttributeList::text(std::string_view name) const {
  const Attribute* found = find(name);
  return found ? std::optional(found->value) : std::nullopt;
}

std::optional<std::uint64_t> AttributeList::integer(std::string_view name) const {
  const Attribute* found = find(name);
  return found ? parse_number<std::uint64_t>(found->value) : std::nullopt;
}

std::optional<double> AttributeList::real(std::string_view name) const {
  const Attribute* found = find(name);
  return found ? parse_decimal(found->value) : std::nullopt;
}

}  // namespace sluice::hls
