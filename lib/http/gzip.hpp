#pragma once
// gzip (RFC 1952) over zlib.
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::http {

// `level` 1 (fast) to 9 (small).
Bytes gzip(ByteView bytes, int level = 6);
// Errc::invalid for a damaged stream, or one that grows past `limit`.
Result<Bytes> gunzip(ByteView bytes, std::size_t limit = 64 * 1024 * 1024);

}  // namespace sluice::http
