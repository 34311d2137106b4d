#pragma once
// UTF-8 (RFC 3629), checked strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace sluice {

// The text's code points, or nothing when it is not UTF-8.
std::optional<std::vector<char32_t>> utf8_code_points(std::string_view text);

// Checks a text that arrives in pieces, refusing it at its first bad byte.
class Utf8Check {
 public:
  bool feed(ByteView bytes);                                // false: broken, and stays so
  bool complete() const { return left_ == 0 && !broken_; }  // no character is cut in half
  void reset() { *this = {}; }

 private:
  std::uint8_t left_ = 0;                  // continuation bytes still due
  std::uint8_t low_ = 0x80, high_ = 0xbf;  // range of the next one
  bool broken_ = false;
};

bool is_utf8(std::string_view text);
std::size_t code_point_count(std::string_view utf8);  // of valid UTF-8
// The first character of valid UTF-8: its bytes, told by the first of them, and its code point.
std::size_t utf8_length(char first);
char32_t utf8_code_point(std::string_view character);
// The text with each piece that is not UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);
// The text as a person may be shown it, whoever wrote it: control characters (C0, DEL, C1) and bytes that are
// not UTF-8 as \xNN, and no more than the first 400 bytes.
std::string legible(std::string_view text);

}  // namespace sluice
