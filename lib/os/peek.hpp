#pragma once
#include <cstddef>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::os {

// The bytes that come next on `fd`, at most `most` (≤ 4096), left unread: of a file, a pipe (tee(2)) or a socket. Waits until there are at least
// `least`, or the end, or `stop` (borrowed, -1: none) is readable. Errc::invalid for what cannot be looked into, such as a terminal.
Result<Bytes> peek(int fd, std::size_t least, std::size_t most, int stop = -1);

}  // namespace sluice::os
