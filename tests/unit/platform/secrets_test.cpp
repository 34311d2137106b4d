#include "platform/secrets.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "crypto/digest.hpp"
#include "platform/scopes.hpp"
#include "platform/stream_id.hpp"

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("secrets hold 160 bits in lower case") {
  std::string secret = new_secret(system_random());
  CHECK(secret.size() == 32);
  CHECK(std::ranges::all_of(secret, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }));
  CHECK(new_secret(system_random()) != secret);
}

TEST_CASE("what IRC puts before a token is no part of it") {
  CHECK(bare_secret("oauth:abc") == "abc");
  CHECK(bare_secret(" OAuth:abc\t") == "abc");
  CHECK(bare_secret("abc") == "abc");
  CHECK(bare_secret("oauth:") == "");
  CHECK(hash_of_secret("oauth:abc") == crypto::secret_hash("abc"));
}

TEST_CASE("scopes are read and written by name") {
  Scopes scopes = parse_scopes("chat:edit,chat:read").value();
  CHECK(scopes.text() == "chat:read,chat:edit");
  CHECK(scopes.has(Scope::chat_edit));
  CHECK_FALSE(scopes.has(Scope::channel_manage));
  CHECK(parse_scopes(" chat:read  chat:read,").value() == Scopes{Scope::chat_read});
  CHECK(parse_scopes("").value().empty());
  auto unknown = parse_scopes("chat:read,chat:shout");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().what == "unknown scope \"chat:shout\"");
  CHECK(unknown.error().hint.find("chat:edit") != std::string::npos);
}

TEST_CASE("stream ids sort by time and carry it") {
  SeededRandom random(1);
  Wall at(milliseconds(1'700'000'000'000));
  std::string last;
  for (int i = 0; i < 2000; ++i, at += milliseconds(997 * i + 1)) {
    StreamId id = new_stream_id(at, random);
    CHECK(id.value() > last);
    CHECK(time_of(id) == at);
    last = id.value();
  }
  std::set<std::string> same_moment;
  for (int i = 0; i < 1000; ++i) same_moment.insert(new_stream_id(at, random).value());
  CHECK(same_moment.size() == 1000);
  CHECK_FALSE(time_of(StreamId("nonsense")));
  CHECK_FALSE(time_of(StreamId("zzzzzzzzzzzzzzzzzzzz")));
}

TEST_CASE("SRT passphrases have 10 to 79 characters, none of them a blank") {
  CHECK(platform::check_srt_passphrase(std::string(10, 'x')));
  CHECK(platform::check_srt_passphrase(std::string(79, 'x')));
  CHECK_FALSE(platform::check_srt_passphrase(std::string(9, 'x')));
  CHECK_FALSE(platform::check_srt_passphrase(std::string(80, 'x')));
  CHECK_FALSE(platform::check_srt_passphrase("has a blank in it"));
}
