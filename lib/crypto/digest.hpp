#pragma once
// Digests over OpenSSL's EVP: what keys, tokens, RTMP's digest handshake, WebSocket's accept header and signed S3 requests need.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::crypto {

using Sha256 = std::array<std::byte, 32>;
using Sha1 = std::array<std::byte, 20>;

Sha256 sha256(ByteView data);
Sha1 sha1(ByteView data);
Sha256 hmac_sha256(ByteView key, ByteView data);

// SHA-256 of what comes in pieces: of a file that is not held in memory.
class Sha256Pieces {
 public:
  Sha256Pieces();
  ~Sha256Pieces();
  void add(ByteView piece);
  Sha256 finish();  // once, at the end

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How a stream key or token is kept: hex SHA-256. Fit for random secrets of 160 bits, not for passwords.
std::string secret_hash(std::string_view secret);

// Compares in a time that depends on the lengths only.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace sluice::crypto
