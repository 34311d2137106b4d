#include "base/text.hpp"

namespace sluice {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The bytes as digits of `bits` bits each, most significant first; a short last digit is filled with zeros.
std::string digits(std::span<const std::byte> bytes, unsigned bits, std::string_view alphabet) {
  std::string out;
  out.reserve(bytes.size() * 8 / bits + 1);
  std::uint32_t held = 0;
  unsigned count = 0;
  for (std::byte b : bytes) {
    held = held << 8 | static_cast<std::uint32_t>(b);
    for (count += 8; count >= bits; count -= bits) out += alphabet[held >> (count - bits) & ((1U << bits) - 1)];
  }
  if (count > 0) out += alphabet[held << (bits - count) & ((1U << bits) - 1)];
  return out;
}
}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string hex(std::span<const std::byte> bytes) { return digits(bytes, 4, "0123456789abcdef"); }

std::string base32(std::span<const std::byte> bytes) {
  return digits(bytes, 5, "abcdefghijklmnopqrstuvwxyz234567");
}

std::string base64(std::span<const std::byte> bytes) {
  std::string out = digits(bytes, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  while (out.size() % 4 != 0) out += '=';
  return out;
}

}  // namespace sluice
