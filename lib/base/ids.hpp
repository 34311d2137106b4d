#pragma once
// Strong identifiers: values that must not be swapped for one another.
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace sluice {

template <class Tag, class Value>
class Id {
 public:
  Id() = default;
  explicit Id(Value value) : value_(std::move(value)) {}
  const Value& value() const { return value_; }
  auto operator<=>(const Id&) const = default;

 private:
  Value value_{};
};

using UserId = Id<struct UserIdTag, std::int64_t>;        // > 0; 0 is nobody
using ChannelId = Id<struct ChannelIdTag, std::int64_t>;  // > 0; 0 is none
using StreamId = Id<struct StreamIdTag, std::string>;     // [a-z0-9]+, sorts by start time, never used again
using MediaSequence = std::uint64_t;                      // RFC 8216bis 4.4.3.2: a segment's number within its stream

}  // namespace sluice

template <class Tag, class Value>
struct std::hash<sluice::Id<Tag, Value>> {
  std::size_t operator()(const sluice::Id<Tag, Value>& id) const noexcept { return std::hash<Value>{}(id.value()); }
};
