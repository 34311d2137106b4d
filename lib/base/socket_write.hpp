#pragma once
// SocketWrite: one of many short writes that are made together (net/write_batch.hpp).
#include <cstddef>
#include <span>

#include "base/bytes.hpp"

namespace sluice {

struct SocketWrite {
  int socket = -1;          // borrowed; non-blocking
  ByteView bytes;           // must stay until the write has been made
  std::size_t written = 0;  // filled in: what the kernel took. An error is 0: it comes again with the next write
};

}  // namespace sluice
