#include "output.hpp"

namespace sluice::chanctl {

namespace {
Json time_or_null(const std::optional<Wall>& at) {
  return at ? Json(format_rfc3339(*at)) : Json();
}
}  // namespace

Json json_of(const store::User& user) {
  return {{"id", std::to_string(user.id.value())},
          {"name", user.name},
          {"display_name", user.display_name},
          {"created_at", format_rfc3339(user.created_at)}};
}

Json json_of(const store::Channel& channel, const store::ChannelStatus& status) {
  return {{"id", std::to_string(channel.id.value())},
          {"name", channel.name},
          {"owner", channel.owner_name},
          {"owner_id", std::to_string(channel.owner.value())},
          {"title", channel.title},
          {"version", channel.version},
          {"has_key", channel.has_key},
          {"live", channel.live()},
          {"stream_id", channel.current_stream ? Json(channel.current_stream->value()) : Json()},
          {"viewers", status.viewers},
          {"peak_viewers", status.peak_viewers},
          {"created_at", format_rfc3339(channel.created_at)}};
}

Json json_of(const store::Token& token) {
  return {{"id", std::to_string(token.id.value())},
          {"user_id", std::to_string(token.user.value())},
          {"scope", token.scopes.text()},
          {"created_at", format_rfc3339(token.created_at)},
          {"expires_at", time_or_null(token.expires_at)},
          {"revoked_at", time_or_null(token.revoked_at)}};
}

std::string state_of(const store::Token& token, Wall now) {
  if (token.revoked_at) return "revoked";
  return token.expires_at && *token.expires_at <= now ? "expired" : "good";
}

}  // namespace sluice::chanctl
