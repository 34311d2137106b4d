#include "nodes/wire.hpp"

#include <iterator>

#include <fmt/format.h>

#include "chat/json_object.hpp"
#include "nodes/message_json.hpp"

namespace sluice::nodes {

namespace {
using chat::JsonObject;
using nlohmann::json;
constexpr std::int64_t version = 1;
constexpr std::size_t rooms_limit = 10'000, origins_limit = 1'000, lines_limit = 1'000;

JsonObject& begin(JsonObject& object, std::string_view type) {
  return object.number("v", version).text("type", type);
}

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Result<ChannelId> channel_at(const json& object) {
  SLUICE_TRY_VALUE(const std::uint64_t id, number_at(object, "channel", 1));
  return ChannelId(static_cast<std::int64_t>(id));
}
Result<std::string> origin_at(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return wrong(name);
  std::string origin = *found;
  if (!is_origin(origin)) return wrong(name);
  return origin;
}
Result<Range> range_of(const json& first, const json& last) {
  Range range;
  SLUICE_TRY_VALUE(range.first, number_of(first, "first", 1));
  SLUICE_TRY_VALUE(range.last, number_of(last, "last", 1));
  if (range.first > range.last) return wrong("last");
  return range;
}
Result<Range> range_at(const json& object) {
  const auto first = object.find("first"), last = object.find("last");
  if (first == object.end() || last == object.end()) return wrong("first");
  return range_of(*first, *last);
}

Result<Heads::Room> read_room(const json& value) {
  if (!value.is_array() || value.size() != 3) return wrong("rooms");
  Heads::Room room;
  SLUICE_TRY_VALUE(const std::uint64_t id, number_of(value[0], "rooms", 1));
  room.channel = ChannelId(static_cast<std::int64_t>(id));
  SLUICE_TRY_VALUE(room.viewers, number_of(value[1], "rooms", 0));
  if (!value[2].is_object() || value[2].size() > origins_limit) return wrong("rooms");
  for (const auto& [origin, range] : value[2].items()) {
    if (!is_origin(origin) || !range.is_array() || range.size() != 2) return wrong("rooms");
    SLUICE_TRY_VALUE(const Range numbers, range_of(range[0], range[1]));
    room.origins.emplace(origin, numbers);
  }
  return room;
}

Result<Heads> read_heads(const json& object) {
  Heads heads;
  SLUICE_TRY_VALUE(heads.from, origin_at(object, "from"));
  if (const auto name = object.find("name"); name != object.end()) {
    if (!name->is_string()) return wrong("name");
    heads.name = *name;
    if (heads.name.size() > name_limit) return wrong("name");
  }
  if (const auto asks = object.find("asks"); asks != object.end()) {
    if (!asks->is_boolean()) return wrong("asks");
    heads.asks = *asks;
  }
  if (object.contains("born")) {
    SLUICE_TRY_VALUE(const std::uint64_t born, number_at(object, "born", 0));
    heads.born = Wall(milliseconds(born));
  }
  const auto rooms = object.find("rooms");
  if (rooms == object.end() || !rooms->is_array() || rooms->size() > rooms_limit) return wrong("rooms");
  for (const json& value : *rooms) {
    SLUICE_TRY_VALUE(Heads::Room room, read_room(value));
    heads.rooms.push_back(std::move(room));
  }
  return heads;
}

Result<Want> read_want(const json& object) {
  Want want;
  SLUICE_TRY_VALUE(want.from, origin_at(object, "from"));
  SLUICE_TRY_VALUE(want.channel, channel_at(object));
  SLUICE_TRY_VALUE(want.of, origin_at(object, "of"));
  SLUICE_TRY_VALUE(want.range, range_at(object));
  return want;
}

Result<Lines> read_lines(const json& object) {
  Lines lines;
  SLUICE_TRY_VALUE(lines.from, origin_at(object, "from"));
  SLUICE_TRY_VALUE(lines.channel, channel_at(object));
  SLUICE_TRY_VALUE(lines.of, origin_at(object, "of"));
  SLUICE_TRY_VALUE(lines.range, range_at(object));
  const auto list = object.find("lines");
  if (list == object.end() || !list->is_array() || list->size() > lines_limit) return wrong("lines");
  std::uint64_t before = lines.range.first - 1;
  for (const json& value : *list) {
    SLUICE_TRY_VALUE(Said said, read_message(value, lines.channel));
    const chat::Message& message = *said.message;
    if (message.origin != lines.of || message.seq <= before || message.seq > lines.range.last)
      return wrong("lines");
    before = message.seq;
    lines.lines.push_back(std::move(said));
  }
  return lines;
}
}  // namespace

std::string encode(const Said& said, ChannelId channel) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "line").number("channel", channel.value());
    append_message(object.member("message"), said);
  }
  return out;
}

std::string encode(const Heads& heads) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "heads").text("from", heads.from).text("name", heads.name);
    if (heads.asks) object.boolean("asks", true);
    if (heads.born != Wall{}) object.number("born", heads.born.time_since_epoch().count());
    chat::append_array(object.member("rooms"), heads.rooms, [&](const Heads::Room& room) {
      fmt::format_to(std::back_inserter(out), "[{},{},", room.channel.value(), room.viewers);
      {
        JsonObject origins(out);
        for (const auto& [origin, range] : room.origins)
          fmt::format_to(std::back_inserter(origins.member(origin)), "[{},{}]", range.first, range.last);
      }
      out += ']';
    });
  }
  return out;
}

std::string encode(const Want& want) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "want").text("from", want.from).number("channel", want.channel.value()).text("of", want.of);
    object.number("first", number(want.range.first)).number("last", number(want.range.last));
  }
  return out;
}

std::string encode(const Lines& lines) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "lines").text("from", lines.from);
    object.number("channel", lines.channel.value()).text("of", lines.of);
    object.number("first", number(lines.range.first)).number("last", number(lines.range.last));
    chat::append_array(object.member("lines"), lines.lines,
                       [&](const Said& said) { append_message(out, said); });
  }
  return out;
}

std::string encode(const Canary& canary) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "canary").text("from", canary.from).number("number", number(canary.number));
  }
  return out;
}

std::string encode(const Whispered& whispered) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "whisper").text("from", whispered.from);
    append_whisper(object.member("whisper"), whispered.whisper);
  }
  return out;
}

std::string encode(const Bye& bye) {
  std::string out;
  {
    JsonObject object(out);
    begin(object, "bye").text("from", bye.from);
  }
  return out;
}

std::size_t encoded_size(const Said& said) {
  const chat::Message& message = *said.message;
  return 400 + message.text.size() + 24 * message.emotes.size() +
         (message.reply ? 300 + message.reply->text.size() : 0);
}

Result<Telling> decode(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(Errc::invalid, "not a JSON object");
  const auto v = object.find("v"), type = object.find("type");
  if (v == object.end() || !v->is_number_integer()) return wrong("v");
  if (v->get<std::int64_t>() != version) return Unknown{};
  if (type == object.end() || !type->is_string()) return wrong("type");
  const std::string kind = *type;
  if (kind == "line") {
    SLUICE_TRY_VALUE(const ChannelId channel, channel_at(object));
    const auto message = object.find("message");
    if (message == object.end()) return wrong("message");
    return read_message(*message, channel);
  }
  if (kind == "heads") return read_heads(object);
  if (kind == "want") return read_want(object);
  if (kind == "lines") return read_lines(object);
  if (kind == "canary") {
    Canary canary;
    SLUICE_TRY_VALUE(canary.from, origin_at(object, "from"));
    SLUICE_TRY_VALUE(canary.number, number_at(object, "number", 0));
    return canary;
  }
  if (kind == "whisper") {
    Whispered whispered;
    SLUICE_TRY_VALUE(whispered.from, origin_at(object, "from"));
    const auto whisper = object.find("whisper");
    if (whisper == object.end()) return wrong("whisper");
    SLUICE_TRY_VALUE(whispered.whisper, read_whisper(*whisper));
    return whispered;
  }
  if (kind == "bye") {
    SLUICE_TRY_VALUE(std::string from, origin_at(object, "from"));
    return Bye{std::move(from)};
  }
  return Unknown{};
}

}  // namespace sluice::nodes
