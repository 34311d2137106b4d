#include "output.hpp"

namespace sluice::modctl {

void tell(const app::Settings& settings, const Json& object, const std::string& text) {
  settings.flag("json") ? print_json(object) : print_line(text);
}

std::string id_text(std::int64_t id) {
  return id == 0 ? "" : std::to_string(id);
}

Json time_or_null(const std::optional<Wall>& at) {
  return at ? Json(format_rfc3339(*at)) : Json();
}

std::string time_or(const std::optional<Wall>& at, const char* otherwise) {
  return at ? format_rfc3339(*at) : otherwise;
}

Json json_of(const store::Actor& actor) {
  return {{"id", id_text(actor.user.value())}, {"name", actor.name}, {"address", actor.address}};
}

Json json_of(const store::AuditEntry& entry) {
  Json context = Json::parse(entry.context, nullptr, false);
  return {{"id", entry.id},
          {"at", format_rfc3339(entry.at)},
          {"actor", json_of(entry.actor)},
          {"action", entry.action},
          {"channel", entry.channel_name},
          {"channel_id", id_text(entry.channel.value())},
          {"target", entry.target},
          {"target_user_id", id_text(entry.target_user.value())},
          {"reason", entry.reason},
          {"expires_at", time_or_null(entry.expires_at)},
          {"context", context.is_object() ? context : Json()},
          {"hash", entry.hash}};
}

Json json_of(const chat::AutomodVerdict& verdict) {
  Json boundaries = Json::array();
  for (const chat::Boundary& found : verdict.where) boundaries.push_back({found.first, found.last});
  const bool term = chat::by_own_words(verdict);
  return {{"reason", term ? "blocked_term" : "automod"},
          {"category", term ? "" : verdict.category},
          {"rule", verdict.reason},
          {"level", verdict.level},
          {"score", verdict.score},
          {"boundaries", boundaries}};
}

Json json_of(const store::HeldMessage& message) {
  Json boundaries = Json::array();
  for (const store::Boundary& found : message.boundaries) boundaries.push_back({found.first, found.last});
  return {{"id", message.id},
          {"user", message.user_name},
          {"text", message.text},
          {"held_at", format_rfc3339(message.held_at)},
          {"reason", message.reason},
          {"category", message.category},
          {"level", message.level},
          {"boundaries", boundaries},
          {"state", store::name(message.state)},
          {"decided_by",
           message.decided_at && !message.decided_by.name.empty() ? json_of(message.decided_by) : Json()},
          {"decided_at", time_or_null(message.decided_at)}};
}

}  // namespace sluice::modctl
