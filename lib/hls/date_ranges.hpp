#pragma once
// The date ranges of a playlist (RFC 8216bis 4.4.5.1): several EXT-X-DATERANGE of one ID tell of one range, each some of it.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hls/attribute_list.hpp"

namespace sluice::hls {

// One tag.
struct DateRange {
  std::string id;
  std::optional<std::int64_t> start_ms;  // by another tag of its ID where it has none
  std::optional<double> duration;        // seconds, or by END-DATE
  AttributeList written = {};
  std::size_t line = 0;
};

// All tags of a playlist. Adding and comparing take the time of one tag, however many there are.
class DateRanges {
 public:
  std::span<const DateRange> tags() const { return tags_; }
  bool has(std::string_view id) const { return find(id) != nullptr; }
  std::optional<std::int64_t> start_of(std::string_view id) const;
  // The first attribute that earlier tags of the ID have with another value. What they do not agree on themselves is not compared.
  std::optional<std::string> differing_attribute(const DateRange& tag) const;
  void add(DateRange tag);

 private:
  struct Said {
    std::optional<std::int64_t> start_ms;
    std::unordered_map<std::string, std::optional<std::string>> values;  // by name; none: two tags differ
  };
  const Said* find(std::string_view id) const;

  std::vector<DateRange> tags_;
  std::unordered_map<std::string, Said> said_;  // by ID; tags without one are of no range
};

}  // namespace sluice::hls
