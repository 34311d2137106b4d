#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/secrets.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_rows.hpp"

namespace sluice::store {

namespace {
constexpr std::string_view token_columns =
    "t.id, t.user_id, t.scopes, t.created_ms, t.expires_ms, t.revoked_ms";

Token token_of(sqlite::Statement& row) {
  return {.id = TokenId(row.integer(0)),
          .user = UserId(row.integer(1)),
          .scopes = platform::parse_scopes(row.text(2)).value_or(platform::Scopes()),
          .created_at = from_ms(row.integer(3)),
          .expires_at = optional_wall(row, 4),
          .revoked_at = optional_wall(row, 5)};
}

Result<Token> token_by(sqlite::Database& db, std::string_view column, const auto& value) {
  return first(db.query(fmt::format("SELECT {} FROM tokens t WHERE t.{} = ?", token_columns, column), value),
               token_of, "no such token");
}

// The bearer of a token that is still good.
Result<Bearer> bearer_of(sqlite::Database& db, Token token, Wall now) {
  if (token.revoked_at) return fail(Errc::denied, "the token was revoked");
  if (token.expires_at && *token.expires_at <= now) return fail(Errc::denied, "the token has expired");
  SLUICE_TRY_VALUE(User user, user_by_id(db, token.user));
  return Bearer{std::move(user), std::move(token)};
}

std::unexpected<Error> denied_if_missing(Error error, std::string_view why) {
  if (error.code == Errc::not_found) return fail(Errc::denied, std::string(why));
  return std::unexpected(std::move(error));
}

Result<Bearer> bearer_of_secret(sqlite::Database& db, std::string_view secret, Wall now) {
  Result<Token> token = token_by(db, "secret_hash", platform::hash_of_secret(secret));
  if (!token) return denied_if_missing(token.error(), "the token is unknown");
  return bearer_of(db, *std::move(token), now);
}

Result<Token> revoke(Change& change, Token token, const Actor& actor) {
  if (token.revoked_at) return token;
  token.revoked_at = change.now;
  SLUICE_TRY(
      change.db.run("UPDATE tokens SET revoked_ms = ? WHERE id = ?", to_ms(change.now), token.id.value()));
  SLUICE_TRY(append_audit(change, {.actor = actor,
                                   .action = "token.revoke",
                                   .target_user = token.user,
                                   .target = fmt::format("token:{}", token.id.value())}));
  SLUICE_TRY(change.emit("token.revoke", ChannelId(), token_payload(token)));
  return token;
}
}  // namespace

Result<std::string> SqliteCredentials::rotate_key(ChannelId id, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<std::string> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, id));
    std::string key = platform::new_secret(change.random);
    SLUICE_TRY(change.db.run(
        "INSERT OR REPLACE INTO stream_keys (channel_id, key_hash, created_ms) VALUES (?, ?, ?)", id.value(),
        platform::hash_of_secret(key), to_ms(change.now)));
    SLUICE_TRY(append_audit(change, act_in(channel, actor, "stream_key.regenerate")));
    SLUICE_TRY(change.emit("stream_key.regenerate", id, {{"channel", channel.name}}));
    return key;
  });
}

Result<Channel> SqliteCredentials::channel_by_key(std::string_view key) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<Channel> {
    auto channel = first(
        db.query(select_channels("JOIN stream_keys mine ON mine.channel_id = c.id WHERE mine.key_hash = ?"),
                 platform::hash_of_secret(key)),
        channel_of, "");
    if (!channel) return denied_if_missing(channel.error(), "the stream key opens no channel");
    return channel;
  });
}

Result<> SqliteCredentials::set_srt_passphrase(ChannelId id, std::string_view passphrase,
                                               const Actor& actor) {
  if (!passphrase.empty()) SLUICE_TRY(platform::check_srt_passphrase(passphrase));
  return core_.write([&](Change& change) -> Result<> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, id));
    if (passphrase.empty())
      SLUICE_TRY(change.db.run("DELETE FROM srt_passphrases WHERE channel_id = ?", id.value()));
    else
      SLUICE_TRY(change.db.run(
          "INSERT OR REPLACE INTO srt_passphrases (channel_id, passphrase, created_ms) VALUES (?, ?, ?)",
          id.value(), passphrase, to_ms(change.now)));
    const std::string_view action = passphrase.empty() ? "srt_passphrase.clear" : "srt_passphrase.set";
    SLUICE_TRY(append_audit(change, act_in(channel, actor, action)));
    SLUICE_TRY(change.emit(action, id, {{"channel", channel.name}}));
    return {};
  });
}

Result<std::string> SqliteCredentials::srt_passphrase(ChannelId id) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::string> {
    auto found = first(
        db.query("SELECT passphrase FROM srt_passphrases WHERE channel_id = ?", id.value()),
        [](auto& row) { return std::string(row.text(0)); }, "");
    if (!found && found.error().code == Errc::not_found) return "";
    return found;
  });
}

Result<IssuedToken> SqliteCredentials::issue_token(UserId user, platform::Scopes scopes,
                                                   std::optional<Wall> expires_at, const Actor& actor) {
  if (scopes.empty()) return fail(Errc::invalid, "a token needs a scope");
  return core_.write([&](Change& change) -> Result<IssuedToken> {
    if (expires_at && *expires_at <= change.now)
      return fail(Errc::invalid, "the token would have expired already");
    SLUICE_TRY(user_by_id(change.db, user));
    std::string secret = platform::new_secret(change.random);
    SLUICE_TRY(change.db.run(
        "INSERT INTO tokens (user_id, secret_hash, scopes, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)",
        user.value(), platform::hash_of_secret(secret), scopes.text(), to_ms(change.now), to_ms(expires_at)));
    Token token{TokenId(change.db.last_row_id()), user, scopes, change.now, expires_at, std::nullopt};
    SLUICE_TRY(append_audit(change, {.actor = actor,
                                     .action = "token.issue",
                                     .target_user = user,
                                     .target = fmt::format("token:{}", token.id.value()),
                                     .reason = scopes.text(),
                                     .expires_at = expires_at}));
    return IssuedToken{token, std::move(secret)};
  });
}

Result<Token> SqliteCredentials::revoke_token(TokenId id, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<Token> {
    SLUICE_TRY_VALUE(Token token, token_by(change.db, "id", id.value()));
    return revoke(change, std::move(token), actor);
  });
}

Result<Token> SqliteCredentials::revoke_token(std::string_view secret, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<Token> {
    SLUICE_TRY_VALUE(Token token, token_by(change.db, "secret_hash", platform::hash_of_secret(secret)));
    return revoke(change, std::move(token), actor);
  });
}

Result<std::vector<Token>> SqliteCredentials::tokens(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(fmt::format("SELECT {} FROM tokens t WHERE t.user_id = ? ORDER BY t.id", token_columns),
                 user.value()),
        token_of);
  });
}

Result<Bearer> SqliteCredentials::bearer(std::string_view secret) {
  return core_.read([&](sqlite::Database& db, Wall now) { return bearer_of_secret(db, secret, now); });
}

Result<Ticket> SqliteCredentials::issue_ticket(std::string_view token_secret) {
  return core_.write([&](Change& change) -> Result<Ticket> {
    SLUICE_TRY_VALUE(Bearer bearer, bearer_of_secret(change.db, token_secret, change.now));
    Ticket ticket{platform::new_secret(change.random), change.now + ticket_lifetime};
    SLUICE_TRY(change.db.run("DELETE FROM tickets WHERE expires_ms <= ?", to_ms(change.now)));
    SLUICE_TRY(change.db.run("INSERT INTO tickets (secret_hash, token_id, expires_ms) VALUES (?, ?, ?)",
                             platform::hash_of_secret(ticket.secret), bearer.token.id.value(),
                             to_ms(ticket.expires_at)));
    return ticket;
  });
}

Result<Bearer> SqliteCredentials::swap_ticket(std::string_view ticket_secret) {
  // A ticket is gone once shown, also when its token turns out to be no good.
  auto token = core_.write([&](Change& change) -> Result<Token> {
    std::string hash = platform::hash_of_secret(ticket_secret);
    auto found =
        first(change.db.query(fmt::format("SELECT {} FROM tickets k JOIN tokens t ON t.id = k.token_id "
                                          "WHERE k.secret_hash = ? AND k.expires_ms > ?",
                                          token_columns),
                              hash, to_ms(change.now)),
              token_of, "");
    if (!found) return denied_if_missing(found.error(), "the ticket is unknown, used or older than a minute");
    SLUICE_TRY(change.db.run("DELETE FROM tickets WHERE secret_hash = ?", hash));
    return found;
  });
  if (!token) return std::unexpected(std::move(token).error());
  return core_.read([&](sqlite::Database& db, Wall now) { return bearer_of(db, *std::move(token), now); });
}

}  // namespace sluice::store
