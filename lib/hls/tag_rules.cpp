#include "hls/tag_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "hls/date_time.hpp"

namespace sluice::hls {
namespace {

bool is_iv(const std::string& text) {
  return text.size() > 2 && text.size() <= 34 && (text.starts_with("0x") || text.starts_with("0X")) &&
         std::all_of(text.begin() + 2, text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

// decimal-floating-point with a sign (4.2).
bool is_signed_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return parse_decimal(text).has_value();
}

}  // namespace

// 4.4.4.4, and 4.4.6.5 for EXT-X-SESSION-KEY.
void check_key(const AttributeList& list, std::string_view tag, const Tell& tell) {
  const std::string name(tag), method = list.word("METHOD").value_or("");
  static constexpr std::array methods = {"NONE", "AES-128", "AES-256-GCM", "SAMPLE-AES", "SAMPLE-AES-CTR"};
  if (!list.has("METHOD")) return tell("key-tags", name + " has no METHOD");
  if (std::ranges::find(methods, method) == methods.end()) return tell("key-tags", name + " has the METHOD " + method);
  if (method == "NONE") {
    if (tag == "EXT-X-SESSION-KEY") return tell("key-tags", name + " has the METHOD NONE");
    for (const char* other : {"URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"}) {
      if (list.has(other)) tell("key-tags", name + " has the METHOD NONE and " + other);
    }
    return;
  }
  if (!list.quoted("URI")) tell("key-tags", name + " has no URI");
  if (list.has("IV") && (method == "AES-256-GCM" || method == "SAMPLE-AES-CTR")) tell("key-tags", name + " has the METHOD " + method + " and an IV");
  if (list.has("IV") && !is_iv(list.word("IV").value_or(""))) tell("key-tags", name + " has an IV that is no 128-bit number in hexadecimal");
}

// 4.4.2.2
void check_start(const AttributeList& list, const Tell& tell) {
  if (!list.has("TIME-OFFSET")) return tell("start-tag", "EXT-X-START has no TIME-OFFSET");
  if (!is_signed_decimal(list.word("TIME-OFFSET").value_or(""))) tell("start-tag", "the TIME-OFFSET of EXT-X-START is no number of seconds");
}

// 4.4.6.1
void check_media(const AttributeList& list, const Tell& tell) {
  const std::string type = list.word("TYPE").value_or("");
  const auto wrong = [&](const std::string& what) { tell("media-attributes", "the EXT-X-MEDIA of type " + type + " " + what); };
  if (type == "CLOSED-CAPTIONS") {
    if (list.has("URI")) wrong("has a URI");
    if (!list.has("INSTREAM-ID")) wrong("has no INSTREAM-ID");
  } else if (type == "SUBTITLES") {
    if (!list.has("URI")) wrong("has no URI");
  } else if (type != "AUDIO" && type != "VIDEO" && list.has("TYPE")) {
    tell("media-attributes", "EXT-X-MEDIA has the TYPE " + type);
  }
  if (list.has("FORCED") && type != "SUBTITLES") wrong("has FORCED");
  for (const char* audio : {"CHANNELS", "BIT-DEPTH", "SAMPLE-RATE"}) {
    if (list.has(audio) && type != "AUDIO") wrong(std::string("has ") + audio);
  }
}

// 4.4.6.4
void check_session_data(const AttributeList& list, const Tell& tell) {
  if (!list.has("DATA-ID")) tell("session-data", "EXT-X-SESSION-DATA has no DATA-ID");
  if (list.has("VALUE") == list.has("URI")) tell("session-data", list.has("URI") ? "EXT-X-SESSION-DATA has VALUE and URI" : "EXT-X-SESSION-DATA has neither VALUE nor URI");
}

// 4.4.5.1
DateRange check_date_range(const AttributeList& list, const Tell& tell, const std::vector<DateRange>& before) {
  const auto wrong = [&](const std::string& what) { tell("date-ranges", "EXT-X-DATERANGE " + what); };
  const auto date = [&](const char* name) -> std::optional<std::int64_t> {
    if (!list.has(name)) return std::nullopt;
    const auto parsed = parse_date_time(list.quoted(name).value_or(""));
    if (!parsed) wrong(std::string("has a ") + name + " that is no date");
    return parsed;
  };
  DateRange range{list.quoted("ID").value_or(""), date("START-DATE"), std::nullopt};
  if (range.id.empty()) wrong("has no ID");
  const auto known = std::ranges::find_if(before, [&](const DateRange& other) { return other.id == range.id && other.start_ms; });
  if (!list.has("START-DATE") && known != before.end()) range.start_ms = known->start_ms;
  else if (!list.has("START-DATE")) wrong("has no START-DATE");
  const auto end = date("END-DATE");
  if (list.has("DURATION")) {
    range.duration = list.real("DURATION");
    if (!range.duration) wrong("has a DURATION that is no length of time");
  }
  if (end && range.start_ms) {
    const double length = static_cast<double>(*end - *range.start_ms) / 1000;
    if (length < 0) wrong("ends before it starts");
    if (range.duration && std::abs(*range.duration - length) > 0.001) wrong("has a DURATION that does not lead to its END-DATE");
    range.duration = range.duration.value_or(length);
  }
  if (list.has("END-ON-NEXT")) {
    if (!list.yes("END-ON-NEXT")) wrong("has an END-ON-NEXT that is not YES");
    if (!list.has("CLASS")) wrong("has END-ON-NEXT and no CLASS");
    if (list.has("DURATION") || list.has("END-DATE")) wrong("has END-ON-NEXT and an end of its own");
  }
  return range;
}

}  // namespace sluice::hls
