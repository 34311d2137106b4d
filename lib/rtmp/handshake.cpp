#include "rtmp/handshake.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "crypto/digest.hpp"

namespace sluice::rtmp {

namespace {

constexpr std::size_t digest_size = 32;
constexpr auto rtmp_version = static_cast<std::uint8_t>(c0);
constexpr std::uint8_t tls_handshake = 0x16;  // a record's type: RFC 8446, 5.1

// Known to all since 2009; they prove nothing but that the peer speaks this handshake.
constexpr unsigned char key_tail[32] = {0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0,
                                        0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80,
                                        0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae};

Bytes key_of(std::string_view letters) {
  Bytes key = to_bytes(letters);
  append(key, std::as_bytes(std::span(key_tail)));
  return key;
}

// The digest covers all of C1 but itself.
crypto::Sha256 digest_of(ByteView c1, std::size_t offset, ByteView key) {
  std::array<std::byte, handshake_size - digest_size> rest;
  std::ranges::copy(c1.first(offset), rest.begin());
  std::ranges::copy(c1.subspan(offset + digest_size), rest.begin() + offset);
  return crypto::hmac_sha256(key, rest);
}

crypto::Sha256 response_digest(ByteView c2, ByteView digest, ByteView key) {
  return crypto::hmac_sha256(crypto::hmac_sha256(key, digest), c2.first(handshake_size - digest_size));
}

// A version of Flash Player or Media Server that is known to come with digests; all zeros means the plain handshake.
bool claims_digest(ByteView c1) {
  return std::ranges::any_of(c1.subspan(4, 4), [](std::byte b) { return b != std::byte{0}; });
}

}  // namespace

ByteView player_key() { return player_key_whole().first(30); }
ByteView player_key_whole() {
  static const Bytes key = key_of("Genuine Adobe Flash Player 001");
  return key;
}
ByteView server_key() { return server_key_whole().first(36); }
ByteView server_key_whole() {
  static const Bytes key = key_of("Genuine Adobe Flash Media Server 001");
  return key;
}

std::size_t digest_offset(ByteView c1, DigestScheme scheme) {
  const std::size_t base = scheme == DigestScheme::zero ? 8 : 772;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 4; ++i) sum += static_cast<std::size_t>(c1[base + i]);
  return base + 4 + sum % 728;
}

std::optional<DigestScheme> find_digest(ByteView c1, ByteView key) {
  for (const DigestScheme scheme : {DigestScheme::zero, DigestScheme::one}) {
    const std::size_t offset = digest_offset(c1, scheme);
    if (crypto::equal_in_constant_time(digest_of(c1, offset, key), c1.subspan(offset, digest_size))) return scheme;
  }
  return std::nullopt;
}

void write_digest(std::span<std::byte> c1, DigestScheme scheme, ByteView key) {
  const std::size_t offset = digest_offset(c1, scheme);
  std::ranges::copy(digest_of(c1, offset, key), c1.begin() + offset);
}

void write_response_digest(std::span<std::byte> c2, ByteView peer_digest, ByteView key) {
  std::ranges::copy(response_digest(c2, peer_digest, key), c2.end() - digest_size);
}

bool check_response_digest(ByteView c2, ByteView own_digest, ByteView key) {
  return crypto::equal_in_constant_time(response_digest(c2, own_digest, key), c2.last(digest_size));
}

Result<> ServerHandshake::receive(ByteView& in, Bytes& out) {
  if (state_ == State::c0 && !in.empty()) {
    const auto version = static_cast<std::uint8_t>(in.front());
    // 6, 8 and 9 are RTMPE. Letters are another protocol, 22 is TLS; other versions below 32 are answered with 3 (5.2.2).
    if (version == 6 || version == 8 || version == 9) return fail(Errc::invalid, "the peer wants encrypted RTMP (RTMPE)");
    if (version == tls_handshake) {
      return fail(Errc::invalid, "TLS on the RTMP port", rtmps_port_ != 0 ? fmt::format("rtmps:// goes to port {}", rtmps_port_) : "rtmps:// goes to --rtmps-port");
    }
    if (version >= 'A' && version <= 'Z') {
      return fail(Errc::invalid, fmt::format("not RTMP but text, as HTTP is: the first byte is '{:c}'", version));
    }
    if (version < rtmp_version || version >= 32) {
      return fail(Errc::invalid, fmt::format("not RTMP: the first byte is {:#04x}", version));
    }
    in = in.subspan(1);
    state_ = State::c1;
  }
  if (state_ == State::c1) {
    const ByteView piece = in.first(std::min(in.size(), handshake_size - c1_.size()));
    append(c1_, piece);
    in = in.subspan(piece.size());
    if (c1_.size() < handshake_size) return {};
    answer(out);
    c1_ = {};
    state_ = State::c2;
  }
  if (state_ == State::c2) {
    const std::size_t size = std::min(in.size(), c2_left_);
    in = in.subspan(size);
    c2_left_ -= size;
    if (c2_left_ == 0) state_ = State::done;
  }
  return {};
}

void ServerHandshake::answer(Bytes& out) {
  if (claims_digest(c1_)) scheme_ = find_digest(c1_, player_key());
  Bytes s1(handshake_size), s2(handshake_size);
  random_.fill(s1);
  std::fill_n(s1.begin(), 8, std::byte{0});  // time, and zeros or a version
  if (scheme_) {
    constexpr std::array version{std::byte{3}, std::byte{5}, std::byte{1}, std::byte{1}};
    std::ranges::copy(version, s1.begin() + 4);
    write_digest(s1, *scheme_, server_key());
    random_.fill(s2);
    const ByteView digest = ByteView(c1_).subspan(digest_offset(c1_, *scheme_), digest_size);
    write_response_digest(s2, digest, server_key_whole());
  } else {
    s2 = c1_;
  }
  ByteWriter(out).u8(rtmp_version).bytes(s1).bytes(s2);
}

void ClientHandshake::start(Bytes& out) {
  c1_.resize(handshake_size);
  random_.fill(c1_);
  std::fill_n(c1_.begin(), 8, std::byte{0});
  if (digests_) {
    constexpr std::array version{std::byte{9}, std::byte{0}, std::byte{124}, std::byte{2}};
    std::ranges::copy(version, c1_.begin() + 4);
    write_digest(c1_, scheme_, player_key());
  }
  ByteWriter(out).u8(rtmp_version).bytes(c1_);
}

Result<> ClientHandshake::receive(ByteView& in, Bytes& out) {
  constexpr std::size_t whole = 1 + 2 * handshake_size;
  const ByteView piece = in.first(std::min(in.size(), whole - in_.size()));
  append(in_, piece);
  in = in.subspan(piece.size());
  if (!in_.empty() && static_cast<std::uint8_t>(in_[0]) != rtmp_version) {
    return fail(Errc::invalid, "the server does not speak RTMP version 3");
  }
  if (in_.size() < whole) return {};
  const ByteView s1 = ByteView(in_).subspan(1, handshake_size);
  const ByteView s2 = ByteView(in_).subspan(1 + handshake_size);
  const auto scheme = digests_ ? find_digest(s1, server_key()) : std::nullopt;
  server_digests_ = scheme.has_value();
  if (scheme) {
    const ByteView own = ByteView(c1_).subspan(digest_offset(c1_, scheme_), digest_size);
    if (!check_response_digest(s2, own, server_key_whole())) {
      return fail(Errc::invalid, "the server's S2 does not answer our digest");
    }
    Bytes c2(handshake_size);
    random_.fill(c2);
    write_response_digest(c2, s1.subspan(digest_offset(s1, *scheme), digest_size), player_key_whole());
    append(out, c2);
  } else {
    append(out, s1);
  }
  done_ = true;
  c1_ = {};
  in_ = {};
  return {};
}

}  // namespace sluice::rtmp
