#pragma once
// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as the ledger's index lines carry it.
#include <cstdint>

#include "base/bytes.hpp"

namespace sluice::hls {

std::uint32_t crc32c(ByteView bytes);

}  // namespace sluice::hls
