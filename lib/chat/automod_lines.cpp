#include "chat/automod_lines.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "chat/json_object.hpp"

namespace sluice::chat {

namespace {
using nlohmann::json;

// sluice-automod(5): a line may have 16384 bytes and 500 entries, of which this many bytes hold fewer.
constexpr std::size_t most_bytes = 12 * 1024;
constexpr std::size_t most_ranges = 64;
constexpr std::size_t longest_category = 32, longest_reason = 32;
constexpr std::string_view custom = "custom";  // the category of a room's own words
constexpr std::uint64_t most_position = 16384;

std::string definition_line(std::string_view name, std::string_view entries, bool more) {
  std::string line = ",\"define\":";
  append_json_string(line, name);
  line.append(",\"words\":[").append(entries).append("]").append(more ? ",\"more\":true}\n" : "}\n");
  return line;
}

std::string text_of(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::uint64_t count_of(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_number_unsigned() ? member->get<std::uint64_t>() : 0;
}

// [first, behind the last) each; what is none is left out.
std::vector<Boundary> boundaries_of(const json& object) {
  std::vector<Boundary> boundaries;
  const auto where = object.find("where");
  if (where == object.end() || !where->is_array()) return boundaries;
  for (const json& range : *where) {
    if (boundaries.size() == most_ranges) break;
    if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() ||
        !range[1].is_number_unsigned())
      continue;
    const auto begin = range[0].get<std::uint64_t>(), end = range[1].get<std::uint64_t>();
    if (begin < end && end <= most_position)
      boundaries.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - 1)});
  }
  return boundaries;
}

Result<AutomodVerdict> verdict_of(const json& object) {
  AutomodVerdict verdict;
  const std::string kind = text_of(object, "verdict");
  if (kind == "hold") {
    verdict.kind = AutomodVerdict::Kind::hold;
  } else if (kind == "block") {
    verdict.kind = AutomodVerdict::Kind::block;
  } else if (kind != "allow") {
    return fail(Errc::invalid, "its answer has neither verdict, definition nor error");
  }
  verdict.category = text_of(object, "category");
  if (verdict.category.size() > longest_category) verdict.category = custom;
  verdict.reason = text_of(object, "reason");
  if (verdict.reason.size() > longest_reason) verdict.reason = "command";  // another program's own words
  if (const auto score = object.find("score"); score != object.end() && score->is_number())
    verdict.score = std::clamp(score->get<double>(), 0.0, 1.0);
  verdict.level = static_cast<int>(std::min<std::uint64_t>(count_of(object, "level"), 4));
  verdict.where = boundaries_of(object);
  return verdict;
}
}  // namespace

std::vector<std::string_view> role_names(const Roles& roles) {
  std::vector<std::string_view> names;
  if (roles.broadcaster) names.push_back("broadcaster");
  if (roles.moderator) names.push_back("moderator");
  if (roles.vip) names.push_back("vip");
  if (roles.subscriber) names.push_back("subscriber");
  return names;
}

bool by_own_words(const AutomodVerdict& verdict) {
  return verdict.category == custom && (verdict.reason == "phrase" || verdict.reason == "pattern");
}

std::string question_line(std::uint64_t id, const Message& message, int level, std::string_view words) {
  std::string line;
  {
    JsonObject object(line);
    object.number("id", static_cast<std::int64_t>(id)).text("channel", message.channel_name);
    append_user(object.member("user"), message.author);
    std::string& roles = object.member("roles");
    append_array(roles, role_names(message.roles),
                 [&](std::string_view name) { append_json_string(roles, name); });
    object.text("text", message.text).number("level", level);
    if (!words.empty()) object.text("words", words);
  }
  return line += '\n';
}

std::vector<std::string> definition_lines(std::string_view name, std::span<const RoomWord> words) {
  std::vector<std::string> lines;
  std::string entries;
  for (const RoomWord& word : words) {
    std::string entry;
    {
      JsonObject object(entry);
      object.text(word.pattern ? "pattern" : "phrase", word.text).text("action", word.action);
      if (word.list != 0) object.number("list", word.list);
    }
    if (!entries.empty() && entries.size() + entry.size() > most_bytes) {
      lines.push_back(definition_line(name, entries, true));
      entries.clear();
    }
    entries.append(entries.empty() ? "" : ",").append(entry);
  }
  lines.push_back(definition_line(name, entries, false));
  return lines;
}

std::string with_id(std::uint64_t id, std::string_view definition_line) {
  return "{\"id\":" + std::to_string(id) + std::string(definition_line);
}

Result<AutomodAnswer> read_automod_line(std::string_view line) {
  const json object = json::parse(to_valid_utf8(line), nullptr, false);
  if (!object.is_object()) return fail(Errc::invalid, "its answer is no JSON object: " + legible(line));
  const auto id = object.find("id");
  if (id == object.end() || !id->is_number_unsigned())
    return fail(Errc::invalid, "it answers what was not asked: " + legible(line));
  AutomodAnswer answer{.id = id->get<std::uint64_t>(), .what = {}};
  if (const auto error = object.find("error"); error != object.end()) {
    answer.what = error->is_string() ? error->get<std::string>() : std::string("an error");
  } else if (object.contains("defined")) {
    answer.what = AutomodDefined{text_of(object, "defined"), text_of(object, "why"),
                                 count_of(object, "entries"), count_of(object, "refused")};
  } else {
    SLUICE_TRY_VALUE(answer.what, verdict_of(object));
  }
  return answer;
}

}  // namespace sluice::chat
