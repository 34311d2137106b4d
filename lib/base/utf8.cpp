#include "base/utf8.hpp"

namespace sluice {

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

}  // namespace sluice
