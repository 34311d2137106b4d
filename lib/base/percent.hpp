#pragma once
// Percent-encoding of URLs (RFC 3986 2.1), read.
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace sluice
