#include "automod/message.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::automod {

namespace {
using nlohmann::json;

constexpr std::size_t most_roles = 32;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<> read_phrase(const json& object, Entry& entry) {
  const auto phrase = object.find("phrase"), pattern = object.find("pattern");
  entry.pattern = phrase == object.end() && pattern != object.end();
  const auto& text = entry.pattern ? pattern : phrase;
  if (text == object.end() || !text->is_string())
    return fail(Errc::invalid, "an entry of words has no phrase");
  entry.phrase = text->get<std::string>();
  return {};
}

Result<Entry> parse_entry(const json& value) {
  Entry entry;
  if (value.is_string()) {
    entry.phrase = value.get<std::string>();
  } else if (value.is_object()) {
    SLUICE_TRY(read_phrase(value, entry));
    if (const auto action = value.find("action"); action != value.end()) {
      SLUICE_TRY_VALUE(entry.action,
                       action_named(action->is_string() ? action->get<std::string>() : dump(*action)));
    }
    if (const auto category = value.find("category"); category != value.end()) {
      if (!category->is_string() || !is_category(category->get<std::string>()))
        return fail(Errc::invalid, "an entry of words has no good category");
      entry.category = category->get<std::string>();
    }
    if (const auto list = value.find("list"); list != value.end()) {
      if (!list->is_number_unsigned() || list->get<std::uint64_t>() == 0)
        return fail(Errc::invalid, "an entry of words has a list that is no whole number from 1 on");
      entry.list = list->get<std::uint64_t>();
    }
  } else {
    return fail(Errc::invalid, "an entry of words is neither a string nor an object");
  }
  const std::size_t longest = entry.pattern ? longest_pattern : longest_phrase;
  if (trim(entry.phrase).empty() || code_point_count(entry.phrase) > longest)
    return fail(Errc::invalid, entry.pattern ? "a pattern must have 1 to 500 characters"
                                             : "a phrase must have 1 to 100 characters");
  return entry;
}

Result<> read_words(const json& value, Message& to) {
  if (value.is_string()) {
    to.words_name = value.get<std::string>();
    return to.words_name.empty() ? fail(Errc::invalid, "words names no definition") : Result<>();
  }
  if (!value.is_array() || value.size() > most_room_words)
    return fail(Errc::invalid, "words must be a list of 500 entries at most");
  if (value.empty()) return {};
  for (const json& entry : value) {
    SLUICE_TRY_VALUE(Entry parsed, parse_entry(entry));
    to.words.push_back(std::move(parsed));
  }
  to.words_json = dump(value);
  return {};
}

Result<> read_verdict(const json& value, Message& to) {
  const json* verdict = &value;
  if (value.is_object()) {
    const auto member = value.find("verdict");
    if (member == value.end()) return fail(Errc::invalid, "verdict has no member verdict");
    verdict = &*member;
  }
  SLUICE_TRY_VALUE(to.earlier,
                   action_named(verdict->is_string() ? verdict->get<std::string>() : dump(*verdict)));
  return {};
}

Result<> read_members(const json& object, Message& to) {
  const auto text = object.find("text");
  if (text == object.end() || !text->is_string()) return fail(Errc::invalid, "text must be a string");
  to.text = text->get<std::string>();
  if (const auto roles = object.find("roles"); roles != object.end() && !roles->is_null()) {
    if (!roles->is_array() || roles->size() > most_roles)
      return fail(Errc::invalid, "roles must be a list of 32 strings at most");
    for (const json& role : *roles) {
      if (!role.is_string()) return fail(Errc::invalid, "roles must hold strings");
      to.roles.push_back(role.get<std::string>());
    }
  }
  if (const auto level = object.find("level"); level != object.end() && !level->is_null()) {
    if (!level->is_number_unsigned() || level->get<std::uint64_t>() > highest_level)
      return fail(Errc::invalid, "level must be a number from 0 to 4");
    to.level = level->get<int>();
  }
  if (const auto words = object.find("words"); words != object.end() && !words->is_null())
    SLUICE_TRY(read_words(*words, to));
  if (const auto verdict = object.find("verdict"); verdict != object.end() && !verdict->is_null())
    SLUICE_TRY(read_verdict(*verdict, to));
  return {};
}

Result<> read_definition(const json& object, Definition& to) {
  const auto name = object.find("define");
  if (!name->is_string() || name->get_ref<const std::string&>().empty() ||
      name->get_ref<const std::string&>().size() > longest_definition_name)
    return fail(Errc::invalid, "define must be a string of 1 to 64 bytes");
  to.name = name->get<std::string>();
  if (const auto more = object.find("more"); more != object.end()) {
    if (!more->is_boolean()) return fail(Errc::invalid, "more must be true or false");
    to.more = more->get<bool>();
  }
  const auto words = object.find("words");
  if (words == object.end() || !words->is_array() || words->size() > most_room_words)
    return fail(Errc::invalid, "words must be a list of 500 entries at most");
  for (const json& word : *words) {
    auto entry = parse_entry(word);
    if (entry) {
      to.entries.push_back(*std::move(entry));
    } else if (to.refused++ == 0) {
      to.why = entry.error().what;
    }
  }
  return {};
}

}  // namespace

std::expected<Message, BadLine> parse_message(std::string_view line) {
  auto input = parse_input(line);
  if (!input) return std::unexpected(input.error());
  if (auto* message = std::get_if<Message>(&*input)) return std::move(*message);
  return std::unexpected(BadLine{std::get<Definition>(*input).id_json, "this is no message"});
}

std::expected<std::variant<Message, Definition>, BadLine> parse_input(std::string_view line) {
  BadLine bad;
  const json object = json::parse(to_valid_utf8(line), nullptr, false);
  if (!object.is_object()) {
    bad.why = trim(line).empty() ? "an empty line" : "not a JSON object";
    return std::unexpected(bad);
  }
  Message message;
  if (const auto id = object.find("id"); id != object.end()) {
    if (!id->is_string() && !id->is_number() && !id->is_null()) {
      bad.why = "id must be a string or a number";
      return std::unexpected(bad);
    }
    message.id_json = dump(*id);
  }
  if (object.contains("define")) {
    Definition definition{.id_json = message.id_json};
    if (const auto read = read_definition(object, definition); !read)
      return std::unexpected(BadLine{message.id_json, read.error().what});
    return definition;
  }
  if (const auto read = read_members(object, message); !read) {
    bad.id_json = message.id_json;
    bad.why = read.error().what;
    return std::unexpected(bad);
  }
  return message;
}

std::string render_error(const BadLine& bad, std::size_t line_number) {
  return "{\"id\":" + bad.id_json + ",\"line\":" + std::to_string(line_number) +
         ",\"error\":" + dump(json(bad.why)) + "}\n";
}

}  // namespace sluice::automod
