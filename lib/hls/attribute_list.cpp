#include "hls/attribute_list.hpp"

#include <algorithm>
#include <numeric>

#include "base/text.hpp"

namespace sluice::hls {
namespace {

bool of_attribute_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; }
// Of a hexadecimal sequence; X-NAME, the client's own, may be one.
bool holds_hexadecimal(std::string_view name) { return name == "IV" || name.starts_with("SCTE35-") || name.starts_with("X-"); }
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
  list.read(text);
  list.index();
  return list;
}

void AttributeList::read(std::string_view text) {
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || name.empty() || !std::ranges::all_of(name, of_attribute_name)) {
      error_ = "'" + std::string(name.substr(0, 40)) + "' is no attribute name with a value";
      return;
    }
    text.remove_prefix(equals + 1);
    Attribute attribute{std::string(name), "", false};
    std::size_t end;
    if (text.starts_with('"')) {
      attribute.quoted = true;
      end = text.find('"', 1);
      if (end == std::string_view::npos) {
        error_ = attribute.name + " has no closing quote";
        return;
      }
      attribute.value = text.substr(1, end - 1);
      ++end;
    } else {
      end = std::min(text.find(','), text.size());
      attribute.value = text.substr(0, end);
      if (attribute.value.empty() || attribute.value.find_first_of("\" \t") != std::string::npos) {
        error_ = attribute.name + " has no well-formed value";
        return;
      }
    }
    attributes_.push_back(std::move(attribute));
    text.remove_prefix(end);
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1) {
      error_ = "after " + attributes_.back().name + " comes no comma and attribute";
      return;
    }
    text.remove_prefix(1);
  }
}

void AttributeList::index() {
  by_name_.resize(attributes_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  const auto name = [this](std::size_t place) -> const std::string& { return attributes_[place].name; };
  std::ranges::stable_sort(by_name_, {}, name);
  std::size_t last = 0;  // 0: none, as what repeats a name is never the first
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    if (name(by_name_[i]) == name(by_name_[i - 1])) last = std::max(last, by_name_[i]);
  }
  if (last > 0) duplicate_ = name(last);
}

const Attribute* AttributeList::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(by_name_, name, {}, [this](std::size_t place) -> std::string_view { return attributes_[place].name; });
  return at == by_name_.end() || attributes_[*at].name != name ? nullptr : &attributes_[*at];
}

void AttributeList::change_texts(const std::function<std::string(std::string_view)>& change) {
  for (Attribute& attribute : attributes_) {
    if (attribute.quoted || holds_hexadecimal(attribute.name)) attribute.value = change(attribute.value);
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
