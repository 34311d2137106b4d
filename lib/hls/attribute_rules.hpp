#pragma once
// The attributes of all tags, as data (RFC 8216bis 4.4): the type that each has (4.2), the values that are defined, and whether it must be
// there. What depends on other attributes of its tag is in tag_rules.hpp.
#include <span>
#include <string_view>

#include "hls/attribute_list.hpp"
#include "hls/tag_rules.hpp"

namespace sluice::hls {

enum class AttributeType { integer, real, signed_real, resolution, hexadecimal, quoted, word, quoted_or_none, any_of_client };

struct AttributeRule {
  std::string_view tag, name;
  std::string_view paragraph;
  AttributeType type = AttributeType::quoted;
  bool required = false;
  std::string_view values;                       // of a word or of each piece of a quoted list: those that are defined, between bars. Empty: any
  bool (*allows)(std::string_view) = nullptr;    // of a value of that type; null: all
  std::string_view allowed;                      // what `allows` does, for people
};

std::span<const AttributeRule> attribute_rules();

// Tells of wrong types (attribute-syntax), of values that are not defined (attribute-value) and of what is missing (attribute-required).
// Attributes that the table does not have are ignored, as clients do (6.3.1).
void check_attributes(const AttributeList& list, std::string_view tag, const Tell& tell);
// One of the values that the table has for the attribute.
bool is_defined(std::string_view tag, std::string_view name, std::string_view value);

}  // namespace sluice::hls
