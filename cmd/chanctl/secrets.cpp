// key and token: secrets are printed once, alone on their line, and come in by standard input only.
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "app/platform.hpp"
#include "base/text.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "platform/secrets.hpp"

namespace sluice::chanctl {

namespace {

// A key is looked at when somebody begins to publish, so who has begun with the old one goes on. Said beside the answer, not in it.
void tell_of_publisher(const app::Settings& settings, Platform& platform, const store::Channel& channel) {
  if (!platform.store->leases().holder(store::channel_lock(channel.id))) return;  // nobody's: no stream is open
  const std::string where = settings.origin("dir") == "command line" ? fmt::format(" --dir '{}'", app::platform_of(settings).dir) : "";
  std::cerr << fmt::format("chanctl: {0} is on the air: who publishes it with the old key goes on until 'sluice kick{1} {0}'\n", channel.name, where);
}

}  // namespace

Result<int> key_rotate(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(std::string key, platform.store->credentials().rotate_key(channel.id, platform.actor));
  if (settings.flag("json"))
    print_json({{"channel", channel.name}, {"key", key}});
  else
    print_line(key);
  tell_of_publisher(settings, platform, channel);
  return 0;
}

Result<int> passphrase_set(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  if (::isatty(STDIN_FILENO)) std::cerr << "passphrase (empty: make one): " << std::flush;
  std::string passphrase;
  std::getline(std::cin, passphrase);
  const bool made = passphrase.empty();
  if (made) passphrase = platform::new_secret(system_random());
  SLUICE_TRY(platform.store->credentials().set_srt_passphrase(channel.id, passphrase, platform.actor));
  if (settings.flag("json")) {
    Json object{{"channel", channel.name}};
    if (made) object["passphrase"] = passphrase;
    print_json(object);
  } else if (made) {
    print_line(passphrase);
  }
  return 0;
}

Result<int> passphrase_clear(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY(platform.store->credentials().set_srt_passphrase(channel.id, "", platform.actor));
  if (settings.flag("json")) print_json({{"channel", channel.name}});
  return 0;
}

Result<int> token_issue(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  auto scopes = platform::parse_scopes(fmt::format("{}", fmt::join(settings.list("scope"), ",")));
  if (!scopes) return fail(Errc::usage, "--scope: " + scopes.error().what, scopes.error().hint);
  std::optional<Wall> expires;
  if (settings.has("expires")) expires = system_clock().wall() + settings.duration("expires");
  SLUICE_TRY_VALUE(store::IssuedToken issued,
                   platform.store->credentials().issue_token(user.id, *scopes, expires, platform.actor));
  if (settings.flag("json")) {
    Json object = json_of(issued.token);
    object["token"] = issued.secret;
    print_json(object);
  } else {
    print_line(issued.secret);
  }
  return 0;
}

Result<int> token_revoke(const app::Settings& settings, Platform& platform) {
  auto revoke = [&]() -> Result<store::Token> {
    auto& credentials = platform.store->credentials();
    if (settings.has("id"))
      return credentials.revoke_token(store::TokenId(settings.integer("id")), platform.actor);
    if (::isatty(STDIN_FILENO)) std::cerr << "token: " << std::flush;
    std::string secret;
    std::getline(std::cin, secret);
    if (trim(secret).empty())
      return fail(Errc::usage, "no token on standard input",
                  "give --id N, or write the token to standard input");
    return credentials.revoke_token(secret, platform.actor);
  };
  auto token = revoke();
  if (!token && token.error().code == Errc::not_found)
    token.error().hint = "chanctl token list USER shows those there are";
  if (!token) return std::unexpected(std::move(token).error());
  if (settings.flag("json"))
    print_json(json_of(*token));
  else
    print_line(fmt::format("token {} is revoked", token->id.value()));
  return 0;
}

Result<int> token_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::User user, named_user(platform, settings.positional("USER")));
  SLUICE_TRY_VALUE(std::vector<store::Token> tokens, platform.store->credentials().tokens(user.id));
  std::vector<std::vector<std::string>> rows{{"ID", "STATE", "SCOPE", "MADE", "EXPIRES"}};
  for (const store::Token& token : tokens) {
    if (settings.flag("json")) print_json(json_of(token));
    rows.push_back({std::to_string(token.id.value()), state_of(token, system_clock().wall()),
                    token.scopes.text(), format_rfc3339(token.created_at),
                    token.expires_at ? format_rfc3339(*token.expires_at) : "never"});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

}  // namespace sluice::chanctl
