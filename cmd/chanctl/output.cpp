#include "output.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace sluice::chanctl {

namespace {
std::size_t characters(const std::string& text) {
  auto points = utf8_code_points(text);
  return points ? points->size() : text.size();
}

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

void print_line(const std::string& text) {
  fmt::print("{}\n", text);
}

void print_json(const Json& object) {
  print_line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - characters(row[i]) + 2, ' ');
    }
    print_line(line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

}  // namespace sluice::chanctl
