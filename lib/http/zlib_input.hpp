#pragma once
// Inside lib/http: bytes as zlib reads them, which does not change them.
#include <zlib.h>

#include "base/bytes.hpp"

namespace sluice::http {

inline Bytef* zlib_input(ByteView bytes) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data())); }

}  // namespace sluice::http
