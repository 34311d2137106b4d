#include "hls/date_ranges.hpp"

#include "base/text.hpp"
#include "hls/date_time.hpp"

namespace sluice::hls {
namespace {

// Dates and numbers may be written in several ways.
bool same_value(const std::string& a, const std::string& b) {
  if (a == b) return true;
  if (const auto first = parse_date_time(a), second = parse_date_time(b); first && first == second) return true;
  const auto first = parse_decimal(a), second = parse_decimal(b);
  return first && first == second;
}

}  // namespace

const DateRanges::Said* DateRanges::find(std::string_view id) const {
  const auto said = said_.find(std::string(id));
  return said == said_.end() ? nullptr : &said->second;
}

std::optional<std::int64_t> DateRanges::start_of(std::string_view id) const {
  const Said* said = find(id);
  return said ? said->start_ms : std::nullopt;
}

std::optional<std::string> DateRanges::differing_attribute(const DateRange& tag) const {
  const Said* said = find(tag.id);
  if (!said) return std::nullopt;
  for (const Attribute& attribute : tag.written.all()) {
    const auto before = said->values.find(attribute.name);
    if (before != said->values.end() && before->second && !same_value(*before->second, attribute.value)) return attribute.name;
  }
  return std::nullopt;
}

void DateRanges::add(DateRange tag) {
  if (!tag.id.empty()) {
    Said& said = said_[tag.id];
    if (!said.start_ms) said.start_ms = tag.start_ms;
    for (const Attribute& attribute : tag.written.all()) {
      const auto [before, first] = said.values.try_emplace(attribute.name, attribute.value);
      if (!first && before->second && !same_value(*before->second, attribute.value)) before->second.reset();
    }
  }
  tags_.push_back(std::move(tag));
}

}  // namespace sluice::hls
