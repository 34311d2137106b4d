#include "hls/tag_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "hls/attribute_rules.hpp"

namespace sluice::hls {

std::vector<Problem> TagReader::take_problems() {
  std::ranges::stable_sort(problems_, {}, &Problem::line);
  return std::move(problems_);
}

AttributeList TagReader::attributes(std::string_view tag, std::string_view value) {
  AttributeList list = AttributeList::parse(value);
  scope_.substitute(list, tell_);
  if (!list.error().empty()) problem("attribute-syntax", list.error());
  if (!list.duplicate().empty()) problem("attribute-duplicate", list.duplicate() + " occurs twice");
  check_attributes(list, tag, tell_);
  if (list.any_starts_with("REQ-")) needs(12, "an attribute that begins with REQ-");
  return list;
}

bool TagReader::told(std::string_view rule) const { return std::ranges::find(problems_, rule, &Problem::rule) != problems_.end(); }

std::optional<std::uint64_t> TagReader::number(std::string_view tag, std::string_view value) {
  const auto parsed = parse_number<std::uint64_t>(value);
  if (!parsed) problem("tag-value", std::string(tag) + " is not a decimal integer");
  return parsed;
}

bool TagReader::once(std::string_view tag) {
  if (seen_.insert(std::string(tag)).second) return true;
  problem("tag-once", std::string(tag) + " occurs twice");
  return false;
}

void TagReader::needs(std::uint64_t version, std::string_view what) {
  if (version <= needed_) return;
  needed_ = version;
  needed_for_ = what;
}

}  // namespace sluice::hls
