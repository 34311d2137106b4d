#include "hls/attribute_rules.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace sluice::hls {
namespace {

using Type = AttributeType;
constexpr bool required = true;
constexpr bool optional = false;

bool all_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) { return std::isalnum(c) || others.find(static_cast<char>(c)) != std::string_view::npos; });
}
bool is_stable_id(std::string_view text) { return all_of(text, "+/=.-_"); }
bool is_pathway(std::string_view text) { return all_of(text, ".-_"); }
bool is_positive(std::string_view text) { return parse_decimal(text).value_or(0) > 0; }
bool is_video_layout(std::string_view text) {
  return std::ranges::none_of(split(text, ','), [](std::string_view entry) { return entry.empty(); });
}
bool is_versions(std::string_view text) {
  return std::ranges::all_of(split(text, '/'), [](std::string_view piece) { return parse_number<std::uint64_t>(piece).value_or(0) > 0; });
}
bool is_cue(std::string_view text) {
  const auto pieces = split(text, ',');
  const auto holds = [&](std::string_view cue) { return std::ranges::find(pieces, cue) != pieces.end(); };
  return !(holds("PRE") && holds("POST"));
}

constexpr std::string_view stable_characters = "letters, digits and + / = . - _";
constexpr std::string_view pathway_characters = "letters, digits and . - _";
constexpr std::string_view layout_entries = "entries between commas, of which none is empty";
constexpr std::string_view yes_or_no = "YES|NO";
constexpr std::string_view media_types = "AUDIO|VIDEO|SUBTITLES|CLOSED-CAPTIONS";
constexpr std::string_view methods = "NONE|AES-128|AES-256-GCM|SAMPLE-AES|SAMPLE-AES-CTR";
constexpr std::string_view hdcp_levels = "NONE|TYPE-0|TYPE-1";
constexpr std::string_view video_ranges = "SDR|HLG|PQ";

constexpr AttributeRule known_attributes[] = {
    {"EXT-X-START", "TIME-OFFSET", "4.4.2.2", Type::signed_real, required},
    {"EXT-X-START", "PRECISE", "4.4.2.2", Type::word, optional, yes_or_no},
    {"EXT-X-DEFINE", "NAME", "4.4.2.3"},
    {"EXT-X-DEFINE", "VALUE", "4.4.2.3"},
    {"EXT-X-DEFINE", "IMPORT", "4.4.2.3"},
    {"EXT-X-DEFINE", "QUERYPARAM", "4.4.2.3"},

    {"EXT-X-PART-INF", "PART-TARGET", "4.4.3.7", Type::real, required, "", is_positive, "more than 0"},
    {"EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL", "4.4.3.8", Type::real},
    {"EXT-X-SERVER-CONTROL", "CAN-SKIP-DATERANGES", "4.4.3.8", Type::word, optional, "YES"},
    {"EXT-X-SERVER-CONTROL", "HOLD-BACK", "4.4.3.8", Type::real},
    {"EXT-X-SERVER-CONTROL", "PART-HOLD-BACK", "4.4.3.8", Type::real},
    {"EXT-X-SERVER-CONTROL", "CAN-BLOCK-RELOAD", "4.4.3.8", Type::word, optional, "YES"},

    {"EXT-X-KEY", "METHOD", "4.4.4.4", Type::word, required, methods},
    {"EXT-X-KEY", "URI", "4.4.4.4"},
    {"EXT-X-KEY", "IV", "4.4.4.4", Type::hexadecimal},
    {"EXT-X-KEY", "KEYFORMAT", "4.4.4.4"},
    {"EXT-X-KEY", "KEYFORMATVERSIONS", "4.4.4.4", Type::quoted, optional, "", is_versions, "positive integers between slashes"},
    {"EXT-X-MAP", "URI", "4.4.4.5", Type::quoted, required},
    {"EXT-X-MAP", "BYTERANGE", "4.4.4.5"},
    {"EXT-X-PART", "URI", "4.4.4.9", Type::quoted, required},
    {"EXT-X-PART", "DURATION", "4.4.4.9", Type::real, required},
    {"EXT-X-PART", "INDEPENDENT", "4.4.4.9", Type::word, optional, "YES"},
    {"EXT-X-PART", "BYTERANGE", "4.4.4.9"},
    {"EXT-X-PART", "GAP", "4.4.4.9", Type::word, optional, "YES"},

    {"EXT-X-DATERANGE", "ID", "4.4.5.1", Type::quoted, required},
    {"EXT-X-DATERANGE", "CLASS", "4.4.5.1"},
    {"EXT-X-DATERANGE", "START-DATE", "4.4.5.1"},
    {"EXT-X-DATERANGE", "CUE", "4.4.5.1", Type::quoted, optional, "PRE|POST|ONCE", is_cue, "PRE or POST, not both"},
    {"EXT-X-DATERANGE", "END-DATE", "4.4.5.1"},
    {"EXT-X-DATERANGE", "DURATION", "4.4.5.1", Type::real},
    {"EXT-X-DATERANGE", "PLANNED-DURATION", "4.4.5.1", Type::real},
    {"EXT-X-DATERANGE", "SCTE35-CMD", "4.4.5.1", Type::hexadecimal},
    {"EXT-X-DATERANGE", "SCTE35-OUT", "4.4.5.1", Type::hexadecimal},
    {"EXT-X-DATERANGE", "SCTE35-IN", "4.4.5.1", Type::hexadecimal},
    {"EXT-X-DATERANGE", "END-ON-NEXT", "4.4.5.1", Type::word, optional, "YES"},
    {"EXT-X-SKIP", "SKIPPED-SEGMENTS", "4.4.5.2", Type::integer, required},
    {"EXT-X-SKIP", "RECENTLY-REMOVED-DATERANGES", "4.4.5.2"},
    {"EXT-X-PRELOAD-HINT", "TYPE", "4.4.5.3", Type::word, required, "PART|MAP"},
    {"EXT-X-PRELOAD-HINT", "URI", "4.4.5.3", Type::quoted, required},
    {"EXT-X-PRELOAD-HINT", "BYTERANGE-START", "4.4.5.3", Type::integer},
    {"EXT-X-PRELOAD-HINT", "BYTERANGE-LENGTH", "4.4.5.3", Type::integer},
    {"EXT-X-RENDITION-REPORT", "URI", "4.4.5.4", Type::quoted, required},
    {"EXT-X-RENDITION-REPORT", "LAST-MSN", "4.4.5.4", Type::integer},
    {"EXT-X-RENDITION-REPORT", "LAST-PART", "4.4.5.4", Type::integer},

    {"EXT-X-MEDIA", "TYPE", "4.4.6.1", Type::word, required, media_types},
    {"EXT-X-MEDIA", "URI", "4.4.6.1"},
    {"EXT-X-MEDIA", "GROUP-ID", "4.4.6.1", Type::quoted, required},
    {"EXT-X-MEDIA", "LANGUAGE", "4.4.6.1"},
    {"EXT-X-MEDIA", "ASSOC-LANGUAGE", "4.4.6.1"},
    {"EXT-X-MEDIA", "NAME", "4.4.6.1", Type::quoted, required},
    {"EXT-X-MEDIA", "STABLE-RENDITION-ID", "4.4.6.1", Type::quoted, optional, "", is_stable_id, stable_characters},
    {"EXT-X-MEDIA", "DEFAULT", "4.4.6.1", Type::word, optional, yes_or_no},
    {"EXT-X-MEDIA", "AUTOSELECT", "4.4.6.1", Type::word, optional, yes_or_no},
    {"EXT-X-MEDIA", "FORCED", "4.4.6.1", Type::word, optional, yes_or_no},
    {"EXT-X-MEDIA", "INSTREAM-ID", "4.4.6.1"},
    {"EXT-X-MEDIA", "BIT-DEPTH", "4.4.6.1", Type::integer},
    {"EXT-X-MEDIA", "SAMPLE-RATE", "4.4.6.1", Type::integer},
    {"EXT-X-MEDIA", "CHARACTERISTICS", "4.4.6.1"},
    {"EXT-X-MEDIA", "CHANNELS", "4.4.6.1"},

    {"EXT-X-STREAM-INF", "BANDWIDTH", "4.4.6.2", Type::integer, required},
    {"EXT-X-STREAM-INF", "AVERAGE-BANDWIDTH", "4.4.6.2", Type::integer},
    {"EXT-X-STREAM-INF", "SCORE", "4.4.6.2", Type::real, optional, "", is_positive, "more than 0"},
    {"EXT-X-STREAM-INF", "CODECS", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "SUPPLEMENTAL-CODECS", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "RESOLUTION", "4.4.6.2", Type::resolution},
    {"EXT-X-STREAM-INF", "FRAME-RATE", "4.4.6.2", Type::real},
    {"EXT-X-STREAM-INF", "HDCP-LEVEL", "4.4.6.2", Type::word, optional, hdcp_levels},
    {"EXT-X-STREAM-INF", "ALLOWED-CPC", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "VIDEO-RANGE", "4.4.6.2", Type::word, optional, video_ranges},
    {"EXT-X-STREAM-INF", "REQ-VIDEO-LAYOUT", "4.4.6.2", Type::quoted, optional, "", is_video_layout, layout_entries},
    {"EXT-X-STREAM-INF", "STABLE-VARIANT-ID", "4.4.6.2", Type::quoted, optional, "", is_stable_id, stable_characters},
    {"EXT-X-STREAM-INF", "AUDIO", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "VIDEO", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "SUBTITLES", "4.4.6.2"},
    {"EXT-X-STREAM-INF", "CLOSED-CAPTIONS", "4.4.6.2", Type::quoted_or_none},
    {"EXT-X-STREAM-INF", "PATHWAY-ID", "4.4.6.2", Type::quoted, optional, "", is_pathway, pathway_characters},

    // All of the variants', but for FRAME-RATE, AUDIO, SUBTITLES and CLOSED-CAPTIONS.
    {"EXT-X-I-FRAME-STREAM-INF", "URI", "4.4.6.3", Type::quoted, required},
    {"EXT-X-I-FRAME-STREAM-INF", "BANDWIDTH", "4.4.6.3", Type::integer, required},
    {"EXT-X-I-FRAME-STREAM-INF", "AVERAGE-BANDWIDTH", "4.4.6.3", Type::integer},
    {"EXT-X-I-FRAME-STREAM-INF", "SCORE", "4.4.6.3", Type::real, optional, "", is_positive, "more than 0"},
    {"EXT-X-I-FRAME-STREAM-INF", "CODECS", "4.4.6.3"},
    {"EXT-X-I-FRAME-STREAM-INF", "SUPPLEMENTAL-CODECS", "4.4.6.3"},
    {"EXT-X-I-FRAME-STREAM-INF", "RESOLUTION", "4.4.6.3", Type::resolution},
    {"EXT-X-I-FRAME-STREAM-INF", "HDCP-LEVEL", "4.4.6.3", Type::word, optional, hdcp_levels},
    {"EXT-X-I-FRAME-STREAM-INF", "ALLOWED-CPC", "4.4.6.3"},
    {"EXT-X-I-FRAME-STREAM-INF", "VIDEO-RANGE", "4.4.6.3", Type::word, optional, video_ranges},
    {"EXT-X-I-FRAME-STREAM-INF", "REQ-VIDEO-LAYOUT", "4.4.6.3", Type::quoted, optional, "", is_video_layout, layout_entries},
    {"EXT-X-I-FRAME-STREAM-INF", "STABLE-VARIANT-ID", "4.4.6.3", Type::quoted, optional, "", is_stable_id, stable_characters},
    {"EXT-X-I-FRAME-STREAM-INF", "VIDEO", "4.4.6.3"},
    {"EXT-X-I-FRAME-STREAM-INF", "PATHWAY-ID", "4.4.6.3", Type::quoted, optional, "", is_pathway, pathway_characters},

    {"EXT-X-SESSION-DATA", "DATA-ID", "4.4.6.4", Type::quoted, required},
    {"EXT-X-SESSION-DATA", "VALUE", "4.4.6.4"},
    {"EXT-X-SESSION-DATA", "URI", "4.4.6.4"},
    {"EXT-X-SESSION-DATA", "FORMAT", "4.4.6.4", Type::word, optional, "JSON|RAW"},
    {"EXT-X-SESSION-DATA", "LANGUAGE", "4.4.6.4"},
    {"EXT-X-SESSION-KEY", "METHOD", "4.4.6.5", Type::word, required, methods},
    {"EXT-X-SESSION-KEY", "URI", "4.4.6.5"},
    {"EXT-X-SESSION-KEY", "IV", "4.4.6.5", Type::hexadecimal},
    {"EXT-X-SESSION-KEY", "KEYFORMAT", "4.4.6.5"},
    {"EXT-X-SESSION-KEY", "KEYFORMATVERSIONS", "4.4.6.5", Type::quoted, optional, "", is_versions, "positive integers between slashes"},
    {"EXT-X-CONTENT-STEERING", "SERVER-URI", "4.4.6.6", Type::quoted, required},
    {"EXT-X-CONTENT-STEERING", "PATHWAY-ID", "4.4.6.6", Type::quoted, optional, "", is_pathway, pathway_characters},
};

const AttributeRule* find(std::string_view tag, std::string_view name) {
  const auto at = std::ranges::find_if(known_attributes, [&](const AttributeRule& rule) { return rule.tag == tag && rule.name == name; });
  if (at != std::end(known_attributes)) return &*at;
  // A client's own attributes of a date range.
  static constexpr AttributeRule of_client{"EXT-X-DATERANGE", "X-", "4.4.5.1", Type::any_of_client};
  return tag == of_client.tag && name.starts_with(of_client.name) ? &of_client : nullptr;
}

bool is_hexadecimal(std::string_view text) {
  return text.size() > 2 && (text.starts_with("0x") || text.starts_with("0X")) && std::ranges::all_of(text.substr(2), [](unsigned char c) { return std::isxdigit(c); });
}

bool is_resolution(std::string_view text) {
  const std::size_t by = text.find('x');
  return by != std::string_view::npos && parse_number<std::uint64_t>(text.substr(0, by)) && parse_number<std::uint64_t>(text.substr(by + 1));
}

bool is_of(const Attribute& attribute, Type type) {
  const std::string_view text = attribute.value;
  switch (type) {
    case Type::integer: return !attribute.quoted && parse_number<std::uint64_t>(text);
    case Type::real: return !attribute.quoted && parse_decimal(text);
    case Type::signed_real: return !attribute.quoted && parse_decimal(text.substr(text.starts_with('-')));
    case Type::resolution: return !attribute.quoted && is_resolution(text);
    case Type::hexadecimal: return !attribute.quoted && is_hexadecimal(text);
    case Type::quoted: return attribute.quoted;
    case Type::word: return !attribute.quoted;
    case Type::quoted_or_none: return attribute.quoted || text == "NONE";
    case Type::any_of_client: return attribute.quoted || is_hexadecimal(text) || is_of(attribute, Type::signed_real);
  }
  return false;
}

std::string_view name_of(Type type) {
  switch (type) {
    case Type::integer: return "a decimal integer";
    case Type::real: return "a decimal number that is not negative";
    case Type::signed_real: return "a decimal number";
    case Type::resolution: return "WIDTHxHEIGHT";
    case Type::hexadecimal: return "a hexadecimal sequence";
    case Type::quoted: return "a quoted string";
    case Type::word: return "an unquoted word";
    case Type::quoted_or_none: return "a quoted string or NONE";
    case Type::any_of_client: return "a quoted string, a hexadecimal sequence or a decimal number";
  }
  return "";
}

// A variable that is not defined has been told of, and nobody knows what it stands for (4.3).
bool holds_reference(const Attribute& attribute, Type type) {
  return (attribute.quoted || type == Type::hexadecimal) && attribute.value.find("{$") != std::string::npos;
}

}  // namespace

std::span<const AttributeRule> attribute_rules() { return known_attributes; }

bool is_defined(std::string_view tag, std::string_view name, std::string_view value) {
  const AttributeRule* rule = find(tag, name);
  if (!rule || rule->values.empty()) return true;
  const auto known = split(rule->values, '|');
  const auto pieces = rule->type == Type::quoted ? split(value, ',') : std::vector{value};
  return std::ranges::all_of(pieces, [&](std::string_view piece) { return std::ranges::find(known, piece) != known.end(); });
}

void check_attributes(const AttributeList& list, std::string_view tag, const Tell& tell) {
  const std::string of = " of " + std::string(tag);
  for (const Attribute& attribute : list.all()) {
    const AttributeRule* rule = find(tag, attribute.name);
    if (!rule || holds_reference(attribute, rule->type)) continue;
    const std::string where = " (" + std::string(rule->paragraph) + ")";
    if (!is_of(attribute, rule->type)) {
      tell("attribute-syntax", "the " + attribute.name + of + " has a value of the wrong type: it is " + std::string(name_of(rule->type)) + where);
    } else if (!is_defined(tag, attribute.name, attribute.value)) {
      tell("attribute-value", "the " + attribute.name + of + " is " + attribute.value + ", which is none of " + std::string(rule->values) + where);
    } else if (rule->allows && !rule->allows(attribute.value)) {
      tell("attribute-value", "the " + attribute.name + of + " is \"" + attribute.value + "\": it is to be " + std::string(rule->allowed) + where);
    }
  }
  if (!list.error().empty()) return;  // what could not be read may have been what is missing
  for (const AttributeRule& rule : known_attributes) {
    if (rule.tag == tag && rule.required && !list.has(rule.name)) tell("attribute-required", std::string(tag) + " has no " + std::string(rule.name) + " (" + std::string(rule.paragraph) + ")");
  }
}

}  // namespace sluice::hls
