#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;
using platform::Scope;
using platform::Scopes;

TEST_CASE("the newest key alone opens its channel") {
  Fresh fresh;
  Channel channel = fresh.channel(), other = fresh.channel("other");
  std::string first = fresh->credentials().rotate_key(channel.id, shell).value();
  CHECK(first.size() == 32);
  CHECK(fresh->credentials().channel_by_key(first).value().id == channel.id);
  std::string second = fresh->credentials().rotate_key(channel.id, shell).value();
  std::string others = fresh->credentials().rotate_key(other.id, shell).value();
  CHECK(code_of(fresh->credentials().channel_by_key(first)) == Errc::denied);
  CHECK(code_of(fresh->credentials().channel_by_key("")) == Errc::denied);
  CHECK(fresh->credentials().channel_by_key(second).value().id == channel.id);
  CHECK(fresh->credentials().channel_by_key(others).value().id == other.id);
  CHECK(fresh->channels().by_id(channel.id).value().has_key);
  CHECK(code_of(fresh->credentials().rotate_key(ChannelId(99), shell)) == Errc::not_found);

  auto audit = fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 3);
  CHECK(audit[0].action == "stream_key.regenerate");
  CHECK(audit[0].target == "channel:demo");
  CHECK(audit[0].actor.name == "unix:root");
  CHECK(audit[0].at == fresh.clock.wall());
}

TEST_CASE("a channel's SRT passphrase is kept as it is, and nowhere else") {
  Fresh fresh;
  Channel channel = fresh.channel();
  auto& credentials = fresh->credentials();
  CHECK(credentials.srt_passphrase(channel.id).value() == "");
  REQUIRE(credentials.set_srt_passphrase(channel.id, "first-passphrase", shell));
  REQUIRE(credentials.set_srt_passphrase(channel.id, "second-passphrase", shell));
  CHECK(credentials.srt_passphrase(channel.id).value() == "second-passphrase");
  CHECK(code_of(credentials.set_srt_passphrase(channel.id, "too short", shell)) == Errc::invalid);
  CHECK(code_of(credentials.set_srt_passphrase(ChannelId(99), "long-enough-it-is", shell)) == Errc::not_found);
  REQUIRE(credentials.set_srt_passphrase(channel.id, "", shell));
  CHECK(credentials.srt_passphrase(channel.id).value() == "");

  auto audit = fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 3);
  CHECK(audit[0].action == "srt_passphrase.set");
  CHECK(audit[2].action == "srt_passphrase.clear");
  for (const auto& row : audit) CHECK(row.reason.find("passphrase") == std::string::npos);
}

TEST_CASE("a token says who and what for, until it expires or is revoked") {
  Fresh fresh;
  User alice = fresh.user();
  auto& credentials = fresh->credentials();
  IssuedToken issued =
      credentials.issue_token(alice.id, {Scope::chat_read}, fresh.clock.wall() + seconds(100), shell).value();
  IssuedToken lasting =
      credentials.issue_token(alice.id, {Scope::chat_read, Scope::chat_edit}, {}, shell).value();

  Bearer bearer = credentials.bearer("oauth:" + issued.secret).value();
  CHECK(bearer.user.name == "alice");
  CHECK(bearer.token.id == issued.token.id);
  CHECK(bearer.may(Scope::chat_read));
  CHECK_FALSE(bearer.may(Scope::chat_edit));
  CHECK(code_of(credentials.bearer("nonsense")) == Errc::denied);

  fresh.clock.advance(milliseconds(99'999));
  CHECK(credentials.bearer(issued.secret));
  fresh.clock.advance(milliseconds(1));
  CHECK(credentials.bearer(issued.secret).error().what == "the token has expired");

  CHECK(credentials.revoke_token(lasting.secret, shell).value().revoked_at == fresh.clock.wall());
  CHECK(credentials.bearer(lasting.secret).error().what == "the token was revoked");
  Wall revoked = fresh.clock.wall();
  fresh.clock.advance(seconds(1));
  CHECK(credentials.revoke_token(lasting.token.id, shell).value().revoked_at == revoked);
  CHECK(code_of(credentials.revoke_token(TokenId(99), shell)) == Errc::not_found);
  CHECK(code_of(credentials.revoke_token("nonsense", shell)) == Errc::not_found);
  CHECK(fresh.event_names() == std::vector<std::string>{"token.revoke"});

  CHECK(code_of(credentials.issue_token(alice.id, {}, {}, shell)) == Errc::invalid);
  CHECK(code_of(credentials.issue_token(alice.id, {Scope::chat_read}, fresh.clock.wall(), shell)) ==
        Errc::invalid);
  CHECK(code_of(credentials.issue_token(UserId(99), {Scope::chat_read}, {}, shell)) == Errc::not_found);
  auto tokens = credentials.tokens(alice.id).value();
  REQUIRE(tokens.size() == 2);
  CHECK(tokens[0].id == issued.token.id);
  CHECK(tokens[1].scopes.text() == "chat:read,chat:edit");
  CHECK(fresh->audit().since(0, 10).value().size() == 3);
}

TEST_CASE("a ticket is good once, for a minute, and no better than its token") {
  Fresh fresh;
  User alice = fresh.user();
  auto& credentials = fresh->credentials();
  IssuedToken token = credentials.issue_token(alice.id, {Scope::chat_edit}, {}, shell).value();

  Ticket ticket = credentials.issue_ticket(token.secret).value();
  CHECK(ticket.expires_at == fresh.clock.wall() + seconds(60));
  CHECK(code_of(credentials.bearer(ticket.secret)) == Errc::denied);
  CHECK(code_of(credentials.swap_ticket(token.secret)) == Errc::denied);
  Bearer bearer = credentials.swap_ticket(ticket.secret).value();
  CHECK(bearer.user.id == alice.id);
  CHECK(bearer.may(Scope::chat_edit));
  CHECK(code_of(credentials.swap_ticket(ticket.secret)) == Errc::denied);

  Ticket late = credentials.issue_ticket(token.secret).value();
  Ticket in_time = credentials.issue_ticket(token.secret).value();
  fresh.clock.advance(milliseconds(59'999));
  CHECK(credentials.swap_ticket(in_time.secret));
  fresh.clock.advance(milliseconds(1));
  CHECK(code_of(credentials.swap_ticket(late.secret)) == Errc::denied);

  Ticket orphan = credentials.issue_ticket(token.secret).value();
  REQUIRE(credentials.revoke_token(token.token.id, shell));
  CHECK(code_of(credentials.swap_ticket(orphan.secret)) == Errc::denied);
  CHECK(code_of(credentials.issue_ticket(token.secret)) == Errc::denied);
}
