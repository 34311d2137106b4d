#include "output.hpp"

namespace sluice::chanctl {

namespace {
Json time_or_null(const std::optional<Wall>& at) {
  return at ? Json(format_rfc3339(*at)) : Json();
}
}  // namespace

void tell(const app::Settings& settings, const Json& object, const std::string& text) {
  settings.flag("json") ? print_json(object) : print_line(text);
}

Json json_of(const store::User& user) {
  return {{"id", std::to_string(user.id.value())},
          {"name", user.name},
          {"display_name", user.display_name},
          {"color", user.color.empty() ? Json() : Json(user.color)},
          {"bot", user.bot},
          {"premium", platform::name(user.premium)},
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

Json json_of(const store::Emote& emote) {
  return {{"id", std::to_string(emote.id.value())},
          {"code", emote.code},
          {"channel", emote.channel_name.empty() ? Json() : Json(emote.channel_name)},
          {"kind", store::kind(emote)},
          {"tier", emote.tier == 0 ? Json() : Json(emote.tier)},
          {"bits", emote.bits == 0 ? Json() : Json(emote.bits)},
          {"images", {{"1x", emote.images[0]}, {"2x", emote.images[1]}, {"4x", emote.images[2]}}},
          {"created_at", format_rfc3339(emote.created_at)}};
}

Json json_of(const store::EmoteGrant& grant) {
  return {{"emote_id", std::to_string(grant.emote.value())},
          {"code", grant.code},
          {"channel", grant.channel_name.empty() ? Json() : Json(grant.channel_name)},
          {"user", grant.user_name},
          {"user_id", std::to_string(grant.user.value())},
          {"since", format_rfc3339(grant.since)}};
}

std::string state_of(const store::Token& token, Wall now) {
  if (token.revoked_at) return "revoked";
  return token.expires_at && *token.expires_at <= now ? "expired" : "good";
}

}  // namespace sluice::chanctl
