#include "event_fields.hpp"

#include "base/text.hpp"

namespace sluice::chatd {

using nlohmann::json;

std::string text_of(const json& payload, const std::string& name) {
  const auto found = payload.is_object() ? payload.find(name) : payload.end();
  return payload.is_object() && found != payload.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_of(const json& payload, const char* name, std::int64_t otherwise) {
  const auto found = payload.is_object() ? payload.find(name) : payload.end();
  return payload.is_object() && found != payload.end() && found->is_number_integer()
             ? found->get<std::int64_t>()
             : otherwise;
}

bool flag_of(const json& payload, const char* name) {
  const auto found = payload.is_object() ? payload.find(name) : payload.end();
  return payload.is_object() && found != payload.end() && found->is_boolean() && found->get<bool>();
}

chat::User user_of(const json& payload, const std::string& prefix) {
  const auto id = parse_number<std::int64_t>(text_of(payload, prefix + "user_id"));
  return {UserId(id.value_or(0)), text_of(payload, prefix + "user_login"),
          text_of(payload, prefix + "user_name"), text_of(payload, prefix + "user_color")};
}

}  // namespace sluice::chatd
