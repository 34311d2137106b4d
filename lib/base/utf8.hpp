#pragma once
// UTF-8 (RFC 3629), checked strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

// The text's code points, or nothing when it is not UTF-8.
std::optional<std::vector<char32_t>> utf8_code_points(std::string_view text);

}  // namespace sluice
