#pragma once
// Attribute lists of playlist tags (RFC 8216bis 4.2).
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
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
  const std::string& duplicate() const { return duplicate_; }  // a name that occurs twice

  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool any_starts_with(std::string_view prefix) const {
    return std::ranges::any_of(attributes_, [prefix](const Attribute& a) { return a.name.starts_with(prefix); });
  }
  // Nothing when absent or of another type; wrong types are remembered in mistyped().
  std::optional<std::string> quoted(std::string_view name) const;
  std::optional<std::string> word(std::string_view name) const;  // an enumerated string
  std::optional<std::uint64_t> integer(std::string_view name) const;
  std::optional<double> real(std::string_view name) const;       // decimal-floating-point: not negative
  bool yes(std::string_view name) const { return word(name) == "YES"; }
  // What variables may stand in: quoted strings and hexadecimal sequences (4.3).
  void change_texts(const std::function<std::string(std::string_view)>& change);
  const std::string& mistyped() const { return mistyped_; }      // the last attribute read as a type that it has not

 private:
  const Attribute* find(std::string_view name) const;
  std::vector<Attribute> attributes_;
  std::string error_, duplicate_;
  mutable std::string mistyped_;
};

// Decimal digits with an optional fraction, nothing else (4.2: decimal-floating-point).
std::optional<double> parse_decimal(std::string_view text);

}  // namespace sluice::hls
