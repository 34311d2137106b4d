#pragma once
// Bytes written in hex, for tests; spaces are passed over.
#include <string_view>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace sluice::test {

inline Bytes from_hex(std::string_view text) {
  Bytes out;
  std::string digits;
  for (const char c : text)
    if (c != ' ') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::byte>(*parse_number<unsigned>(std::string_view(digits).substr(i, 2), 16)));
  return out;
}

}  // namespace sluice::test
