#include "store/payloads.hpp"

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "store/events.hpp"

namespace sluice::store {

void put_user(nlohmann::json& payload, std::string_view prefix, const User& user) {
  std::string start = std::string(prefix) + "user_";
  payload[start + "id"] = user.id == UserId() ? "" : std::to_string(user.id.value());
  payload[start + "login"] = user.name;
  payload[start + "name"] = user.display_name;
}

nlohmann::json broadcaster_payload(const Channel& channel) {
  nlohmann::json payload{{"channel", channel.name}};
  put_user(payload, "broadcaster_", {channel.owner, channel.owner_name, channel.owner_display_name, {}});
  return payload;
}

nlohmann::json act_payload(const Channel& channel, const User& actor) {
  nlohmann::json payload = broadcaster_payload(channel);
  put_user(payload, "moderator_", actor);
  return payload;
}

nlohmann::json channel_payload(const Channel& channel) {
  nlohmann::json payload = broadcaster_payload(channel);
  payload["title"] = channel.title;
  payload["version"] = channel.version;
  return payload;
}

nlohmann::json online_payload(const Channel& channel, const Stream& stream) {
  nlohmann::json payload = channel_payload(channel);
  payload["id"] = stream.id.value();
  payload["type"] = "live";
  payload["started_at"] = format_rfc3339(stream.live_at.value_or(stream.started_at));
  return payload;
}

nlohmann::json offline_payload(const Channel& channel, const Stream& stream) {
  nlohmann::json payload = channel_payload(channel);
  payload["id"] = stream.id.value();
  payload["started_at"] = format_rfc3339(stream.live_at.value_or(stream.started_at));
  payload["ended_at"] = format_rfc3339(stream.ended_at.value_or(stream.started_at));
  payload["peak_viewers"] = stream.peak_viewers;
  return payload;
}

nlohmann::json token_payload(const Token& token) {
  return {{"token_id", std::to_string(token.id.value())},
          {"user_id", std::to_string(token.user.value())},
          {"scopes", token.scopes.text()}};
}

std::string one_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::string> one_line_object(std::string_view text) {
  auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!value.is_object()) return fail(Errc::invalid, "this is no JSON object: " + legible(text));
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string to_json(const Event& event) {
  nlohmann::ordered_json line{{"cursor", event.cursor.value()}, {"event", event.name}};
  if (event.channel != ChannelId()) line["channel_id"] = std::to_string(event.channel.value());
  line["at"] = format_rfc3339(event.at);
  line["data"] = nlohmann::ordered_json::parse(event.payload, nullptr, false);
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sluice::store
