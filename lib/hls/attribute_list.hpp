#pragma once
// Attribute lists of playlist tags (RFC 8216bis 4.2).
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::hls {

struct Attribute {
  std::string name, value;  // a quoted value without its quotes
  bool quoted = false;
};

class AttributeList {
 public:
  // Never fails: what is wrong is told in error(), and what was right before it is kept.
  static AttributeList parse(std::string_view text);

  const std::string& error() const { return error_; }          // empty when well-formed
  const std::string& duplicate() const { return duplicate_; }  // the last that repeats a name before it

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // It has the attribute, or may have it: what follows an error is not read.
  bool may_have(std::string_view name) const { return has(name) || !error_.empty(); }
  bool any_starts_with(std::string_view prefix) const {
    return std::ranges::any_of(attributes_, [prefix](const Attribute& a) { return a.name.starts_with(prefix); });
  }
  std::span<const Attribute> all() const { return attributes_; }
  // The first of that name. Nothing when absent, or no number. Whether a value has the type of its attribute, quotes and all, attribute_rules.hpp tells.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<std::uint64_t> integer(std::string_view name) const;
  std::optional<double> real(std::string_view name) const;       // decimal-floating-point: not negative
  bool yes(std::string_view name) const { return text(name) == "YES"; }
  // What variables may stand in: quoted strings and hexadecimal sequences (4.3).
  void change_texts(const std::function<std::string(std::string_view)>& change);

 private:
  void read(std::string_view text);
  void index();
  const Attribute* find(std::string_view name) const;
  std::vector<Attribute> attributes_;
  std::vector<std::size_t> by_name_;  // places in attributes_, in order of names and among the same of places: whoever writes a list decides its length
  std::string error_, duplicate_;
};

// Decimal digits with an optional fraction, nothing else (4.2: decimal-floating-point).
std::optional<double> parse_decimal(std::string_view text);

}  // namespace sluice::hls
