#include "base/utf8.hpp"

#include <iterator>

#include <fmt/format.h>

namespace sluice {

namespace {

constexpr std::size_t most_legible = 400;

// How many bytes the character has that a text begins with; 0 where it begins with none.
std::size_t character_length(std::string_view text) {
  Utf8Check check;
  for (std::size_t n = 1; n <= text.size() && check.feed(as_bytes(text.substr(n - 1, 1))); ++n)
    if (check.complete()) return n;
  return 0;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;  // U+0080 to U+009F
}

}  // namespace

std::optional<std::vector<char32_t>> utf8_code_points(std::string_view text) {
  std::vector<char32_t> points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto lead = static_cast<unsigned char>(text[at]);
    unsigned more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || at + more >= text.size()) return std::nullopt;
    char32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; ++i) {
      auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      point = point << 6 | (next & 0x3F);
    }
    bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (overlong || surrogate || point > 0x10FFFF) return std::nullopt;
    points.push_back(point);
    at += more + 1;
  }
  return points;
}

bool Utf8Check::feed(ByteView bytes) {
  if (broken_) return false;
  for (std::byte b : bytes) {
    const auto c = static_cast<std::uint8_t>(b);
    if (left_ > 0) {
      if (c < low_ || c > high_) return broken_ = true, false;
      low_ = 0x80;
      high_ = 0xbf;
      --left_;
    } else if (c < 0x80) {
      continue;
    } else if (c >= 0xc2 && c <= 0xdf) {
      left_ = 1;
    } else if (c >= 0xe0 && c <= 0xef) {
      left_ = 2;
      if (c == 0xe0) low_ = 0xa0;   // no overlong forms
      if (c == 0xed) high_ = 0x9f;  // no surrogates
    } else if (c >= 0xf0 && c <= 0xf4) {
      left_ = 3;
      if (c == 0xf0) low_ = 0x90;
      if (c == 0xf4) high_ = 0x8f;  // nothing past U+10FFFF
    } else {
      return broken_ = true, false;
    }
  }
  return true;
}

bool is_utf8(std::string_view text) {
  Utf8Check check;
  return check.feed(as_bytes(text)) && check.complete();
}

std::size_t code_point_count(std::string_view utf8) {
  std::size_t count = 0;
  for (char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::size_t utf8_length(char first) {
  const auto lead = static_cast<unsigned char>(first);
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

char32_t utf8_code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (lead < 0x80) return lead;
  char32_t point = lead & (0x7fu >> character.size());
  for (char c : character.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return point;
}

std::string to_valid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    Utf8Check check;
    std::size_t n = 0;
    bool whole = false;
    while (at + n < text.size() && !whole && check.feed(as_bytes(text.substr(at + n, 1)))) {
      ++n;
      whole = check.complete();
    }
    if (whole) {
      out += text.substr(at, n);
      at += n;
    } else {
      out += "\xef\xbf\xbd";
      at += n > 0 ? n : 1;
    }
  }
  return out;
}

std::string legible(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t whole = character_length(text.substr(at));
    const std::string_view next = text.substr(at, whole > 0 ? whole : 1);
    if (at + next.size() > most_legible) return out + "\xe2\x80\xa6";
    if (whole > 0 && !is_control(next))
      out += next;
    else
      for (const char c : next)
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    at += next.size();
  }
  return out;
}

}  // namespace sluice
