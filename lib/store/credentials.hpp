#pragma once
// Stream keys, chat and API tokens, chat tickets. Only crypto::secret_hash of each is kept: a secret is
// returned by the call that makes it and never again.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/scopes.hpp"
#include "store/audit.hpp"
#include "store/channels.hpp"
#include "store/users.hpp"

namespace sluice::store {

using TokenId = Id<struct TokenIdTag, std::int64_t>;

struct Token {
  TokenId id;
  UserId user;
  platform::Scopes scopes;
  Wall created_at;
  std::optional<Wall> expires_at;  // none: never
  std::optional<Wall> revoked_at;
};

struct IssuedToken {
  Token token;
  std::string secret;  // [a-z2-7], 32 characters: 160 random bits
};

// Who stands behind a token or ticket that was accepted.
struct Bearer {
  User user;
  Token token;
  bool may(platform::Scope scope) const { return token.scopes.has(scope); }
};

struct Ticket {
  std::string secret;  // as a token's
  Wall expires_at;
};

inline constexpr std::chrono::seconds ticket_lifetime{60};

class Credentials {
 public:
  virtual ~Credentials() = default;

  // Makes the channel's stream key; an earlier one stops working. Audited as stream_key.regenerate.
  virtual Result<std::string> rotate_key(ChannelId channel, const Actor& actor) = 0;
  // The channel that a publisher's key opens; Errc::denied for a key that opens none.
  virtual Result<Channel> channel_by_key(std::string_view key) = 0;

  // The phrase that a channel's SRT publisher must have, 10 to 79 characters; empty takes it away, and the publisher sends in clear.
  // SRT needs the phrase itself, so it is kept in clear, in the store's own file (0600). Audited as srt_passphrase.set and
  // srt_passphrase.clear, without it. Errc::invalid for another length.
  virtual Result<> set_srt_passphrase(ChannelId channel, std::string_view passphrase, const Actor& actor) = 0;
  virtual Result<std::string> srt_passphrase(ChannelId channel) = 0;  // empty: none is set

  // Audited as token.issue and token.revoke. Errc::not_found for the user or token, Errc::invalid for no
  // scope or an expiry in the past.
  virtual Result<IssuedToken> issue_token(UserId user, platform::Scopes scopes,
                                          std::optional<Wall> expires_at, const Actor& actor) = 0;
  virtual Result<Token> revoke_token(TokenId id, const Actor& actor) = 0;  // a second time changes nothing
  virtual Result<Token> revoke_token(std::string_view secret, const Actor& actor) = 0;
  virtual Result<std::vector<Token>> tokens(UserId user) = 0;  // oldest first, also those expired or revoked
  // Errc::denied for a token that is unknown, expired or revoked. An IRC "oauth:" before it is overlooked.
  virtual Result<Bearer> bearer(std::string_view token_secret) = 0;

  // Swaps a good token for a single-use ticket that lives 60 s (for the first frame of a WebSocket).
  virtual Result<Ticket> issue_ticket(std::string_view token_secret) = 0;
  // Uses the ticket up: of many callers exactly one gets the bearer, the others Errc::denied, as after 60 s
  // and when the token was revoked meanwhile.
  virtual Result<Bearer> swap_ticket(std::string_view ticket_secret) = 0;
};

}  // namespace sluice::store
