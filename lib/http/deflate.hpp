#pragma once
// permessage-deflate (RFC 7692) without context takeover on either side: each message is compressed by
// itself, so that the frame of one that goes to many is made once, and an idle connection holds no window.
// sans-IO.
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::http {

// The first offer in a Sec-WebSocket-Extensions that can be met: what to answer (7.1). Declined are offers
// with parameters that are unknown, malformed or told twice, and those that want a smaller window of the
// server's.
std::optional<std::string> accept_deflate(std::string_view extensions);

// A message's payload (7.2.1).
Bytes deflate_message(ByteView message);

enum class InflateFault { damaged, too_big };
// The message of a payload (7.2.2), of no more than `limit` bytes: no more than that is ever unpacked.
std::expected<Bytes, InflateFault> inflate_message(ByteView payload, std::size_t limit);

// One text frame, appended: compressed where that makes it smaller (6: a message may go as it is).
void append_deflated_text_frame(Bytes& out, std::string_view text);

}  // namespace sluice::http
