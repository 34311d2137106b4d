#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "rtmp/handshake.hpp"

using namespace sluice;
using namespace sluice::rtmp;

namespace {

// C1 as a peer would make it, with the digest computed here by OpenSSL alone.
Bytes c1_with_digest(DigestScheme scheme, std::uint64_t seed) {
  Bytes c1(1536);
  SeededRandom(seed).fill(c1);
  for (int i = 0; i < 8; ++i) c1[i] = std::byte{0};
  c1[4] = std::byte{128};
  c1[7] = std::byte{2};
  const std::size_t base = scheme == DigestScheme::zero ? 8 : 772;
  unsigned offset = 0;
  for (std::size_t i = base; i < base + 4; ++i) offset += static_cast<unsigned>(c1[i]);
  offset = offset % 728 + static_cast<unsigned>(base) + 4;
  const char* key = "Genuine Adobe Flash Player 001";
  Bytes joined(c1.begin(), c1.begin() + offset);
  joined.insert(joined.end(), c1.begin() + offset + 32, c1.end());
  REQUIRE(joined.size() == 1504);
  unsigned size = 32;
  HMAC(EVP_sha256(), key, 30, reinterpret_cast<const unsigned char*>(joined.data()), joined.size(),
       reinterpret_cast<unsigned char*>(c1.data() + offset), &size);
  return c1;
}

Bytes hmac(ByteView key, ByteView data) {
  Bytes out(32);
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
       data.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

}  // namespace

TEST_CASE("the keys are the ones that everybody knows") {
  CHECK(as_text(player_key()) == "Genuine Adobe Flash Player 001");
  CHECK(as_text(server_key()) == "Genuine Adobe Flash Media Server 001");
  CHECK(player_key_whole().size() == 62);
  CHECK(server_key_whole().size() == 68);
  CHECK(hex(server_key_whole().last(32)) == "f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae");
}

TEST_CASE("a digest in either scheme is found, and answered with S1's own and S2's over ours") {
  for (const DigestScheme scheme : {DigestScheme::zero, DigestScheme::one}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Bytes c1 = c1_with_digest(scheme, seed);
      CHECK(find_digest(c1, player_key()) == scheme);
      SeededRandom random(seed + 100);
      ServerHandshake server(random);
      Bytes input{std::byte{3}}, out;
      append(input, c1);
      ByteView in = input;
      REQUIRE(server.receive(in, out));
      REQUIRE(out.size() == 1 + 2 * 1536);
      CHECK(server.digests());
      CHECK_FALSE(server.done());
      const ByteView s1 = ByteView(out).subspan(1, 1536), s2 = ByteView(out).subspan(1537);
      CHECK(find_digest(s1, server_key()) == scheme);
      // S2 = 1504 random bytes, then HMAC(HMAC(whole server key, C1's digest), those)
      const ByteView digest = ByteView(c1).subspan(digest_offset(c1, scheme), 32);
      CHECK(hex(hmac(hmac(server_key_whole(), digest), s2.first(1504))) == hex(s2.last(32)));
    }
  }
}

TEST_CASE("the plain handshake echoes C1, also where C1 claims a version but holds no digest") {
  for (const std::uint8_t version : {0, 9}) {
    Bytes c1(1536, std::byte{0x55});
    for (int i = 0; i < 8; ++i) c1[i] = std::byte{0};
    c1[4] = std::byte{version};
    SeededRandom random(1);
    ServerHandshake server(random);
    Bytes input{std::byte{3}}, out;
    append(input, c1);
    append(input, Bytes(1536, std::byte{7}));
    append(input, to_bytes("next"));
    ByteView in = input;
    REQUIRE(server.receive(in, out));
    CHECK(server.done());
    CHECK(as_text(in) == "next");
    CHECK_FALSE(server.digests());
    CHECK(std::equal(c1.begin(), c1.end(), out.begin() + 1537));
  }
}

TEST_CASE("client and server shake hands, plainly and with digests, a byte at a time") {
  for (const bool digests : {false, true}) {
    for (const DigestScheme scheme : {DigestScheme::zero, DigestScheme::one}) {
      SeededRandom random(5);
      ClientHandshake client(random, digests, scheme);
      ServerHandshake server(random);
      Bytes up, down;
      client.start(up);
      for (std::size_t i = 0, j = 0; i < up.size() || j < down.size();) {
        if (i < up.size()) {
          ByteView in = ByteView(up).subspan(i++, 1);
          Bytes out;
          REQUIRE(server.receive(in, out));
          append(down, out);
        }
        if (j < down.size()) {
          ByteView in = ByteView(down).subspan(j++, 1);
          Bytes out;
          REQUIRE(client.receive(in, out));
          append(up, out);
        }
      }
      CHECK(client.done());
      CHECK(server.done());
      CHECK(server.digests() == digests);
      CHECK(client.server_digests() == digests);
    }
  }
}

TEST_CASE("a server whose S2 answers another digest is refused") {
  SeededRandom random(5);
  ClientHandshake client(random, true);
  ServerHandshake server(random);
  Bytes up, down;
  client.start(up);
  ByteView in = up;
  REQUIRE(server.receive(in, down));
  down.back() ^= std::byte{1};
  in = down;
  CHECK_FALSE(client.receive(in, up));
}
