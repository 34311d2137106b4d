#include "hls/tag_rules.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.hpp"
#include "hls/attribute_rules.hpp"
#include "hls/date_time.hpp"

namespace sluice::hls {
namespace {

constexpr std::size_t longest_iv = 2 + 32;  // 0x and 128 bits

// Of a CEA-608 channel or a CEA-708 service (4.4.6.1).
bool is_caption_id(std::string_view text) {
  if (text.starts_with("SERVICE")) {
    const auto number = parse_number<unsigned>(text.substr(std::string_view("SERVICE").size()));
    return number && *number >= 1 && *number <= 63;
  }
  return text.size() == 3 && text.starts_with("CC") && text[2] >= '1' && text[2] <= '4';
}

// Of what a segment's format carries in any other way (4.4.6.1).
bool is_instream_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '.'; });
}

}  // namespace

// 4.4.4.4, and 4.4.6.5 for EXT-X-SESSION-KEY.
void check_key(const AttributeList& list, std::string_view tag, const Tell& tell) {
  const std::string name(tag), method = list.text("METHOD").value_or("");
  if (!is_defined(tag, "METHOD", method)) return;  // that has been told
  if (method == "NONE") {
    if (tag == "EXT-X-SESSION-KEY") return tell("key-tags", name + " has the METHOD NONE");
    for (const char* other : {"URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"}) {
      if (list.has(other)) tell("key-tags", name + " has the METHOD NONE and " + other);
    }
    return;
  }
  if (!list.may_have("URI")) tell("key-tags", name + " has no URI");
  if (list.has("IV") && (method == "AES-256-GCM" || method == "SAMPLE-AES-CTR")) tell("key-tags", name + " has the METHOD " + method + " and an IV");
  if (list.text("IV").value_or("").size() > longest_iv) tell("key-tags", name + " has an IV of more than 128 bits");
}

// 4.4.6.1
void check_media(const AttributeList& list, const Tell& tell) {
  const std::string type = list.text("TYPE").value_or("");
  if (!is_defined("EXT-X-MEDIA", "TYPE", type)) return;  // that has been told
  const auto wrong = [&](const std::string& what) { tell("media-attributes", "the EXT-X-MEDIA of type " + type + " " + what); };
  auto id = list.text("INSTREAM-ID");
  if (id && id->find("{$") != std::string::npos) id.reset();  // nobody knows what it stands for
  if (type == "CLOSED-CAPTIONS") {
    if (list.has("URI")) wrong("has a URI");
    if (!list.may_have("INSTREAM-ID")) wrong("has no INSTREAM-ID");
    else if (id && !is_caption_id(*id)) {
      tell("attribute-value", "the INSTREAM-ID of closed captions is " + *id + ": it is to be CC1 to CC4 or SERVICE1 to SERVICE63 (4.4.6.1)");
    }
  } else if (id && !is_instream_id(*id)) {
    tell("attribute-value", "the INSTREAM-ID of the type " + type + " is \"" + *id + "\": it is to be letters, digits and . (4.4.6.1)");
  }
  if (type == "SUBTITLES" && !list.may_have("URI")) wrong("has no URI");
  if (list.has("FORCED") && type != "SUBTITLES") wrong("has FORCED");
  for (const char* audio : {"CHANNELS", "BIT-DEPTH", "SAMPLE-RATE"}) {
    if (list.has(audio) && type != "AUDIO") wrong(std::string("has ") + audio);
  }
}

// 4.4.6.4
void check_session_data(const AttributeList& list, const Tell& tell) {
  if (list.may_have("VALUE") == list.may_have("URI") && list.error().empty()) tell("session-data", list.has("URI") ? "EXT-X-SESSION-DATA has VALUE and URI" : "EXT-X-SESSION-DATA has neither VALUE nor URI");
}

// 4.4.5.1
DateRange check_date_range(const AttributeList& list, const Tell& tell, const DateRanges& before) {
  const auto wrong = [&](const std::string& what) { tell("date-ranges", "EXT-X-DATERANGE " + what); };
  const auto date = [&](const char* name) -> std::optional<std::int64_t> {
    if (!list.has(name)) return std::nullopt;
    const auto parsed = parse_date_time(list.text(name).value_or(""));
    if (!parsed) wrong(std::string("has a ") + name + " that is no date");
    return parsed;
  };
  DateRange range{list.text("ID").value_or(""), date("START-DATE"), std::nullopt, list, 0};
  if (!list.has("START-DATE") && before.has(range.id)) range.start_ms = before.start_of(range.id);
  if (!range.start_ms && !list.may_have("START-DATE")) wrong("has no START-DATE");
  if (const auto differs = before.differing_attribute(range)) wrong("has another " + *differs + " than the one before with the ID " + range.id);
  const auto end = date("END-DATE");
  range.duration = list.real("DURATION");
  if (end && range.start_ms) {
    const double length = static_cast<double>(*end - *range.start_ms) / 1000;
    if (length < 0) wrong("ends before it starts");
    if (range.duration && std::abs(*range.duration - length) > 0.001) wrong("has a DURATION that does not lead to its END-DATE");
    range.duration = range.duration.value_or(length);
  }
  if (list.has("END-ON-NEXT")) {
    if (!list.may_have("CLASS")) wrong("has END-ON-NEXT and no CLASS");
    if (list.has("DURATION") || list.has("END-DATE")) wrong("has END-ON-NEXT and an end of its own");
  }
  return range;
}

}  // namespace sluice::hls
