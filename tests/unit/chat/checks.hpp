#pragma once
// What is asked of whatever clients get, of random tests and fuzz targets: whole lines within their limits on
// IRC, and objects on a page. What is broken throws.
#include <stdexcept>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"

namespace sluice::chat {

inline constexpr std::size_t longest_line = 16 * 1024;  // 500 characters in a reply to 500, and their tags

inline void must(bool holds) {
  if (!holds) throw std::logic_error("a client got, or did not get, what it must");
}

inline void check_lines(std::string_view lines) {
  must(is_utf8(lines));
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    must(end != std::string_view::npos && end > 0 && end < longest_line);
    must(lines.substr(0, end).find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    lines.remove_prefix(end + 2);
  }
}

// JSON texts that stand one behind the other, strictly parsed.
inline std::vector<nlohmann::json> read_all(std::string_view texts) {
  std::vector<nlohmann::json> found;
  while (!texts.empty()) {
    // Where one ends: the depth is 0 again, outside of strings.
    std::size_t at = 0;
    int depth = 0;
    for (bool quoted = false; at < texts.size(); ++at) {
      const char c = texts[at];
      if (quoted) {
        if (c == '\\') ++at;
        if (c == '"') quoted = false;
        continue;
      }
      if (c == '"') quoted = true;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    must(at < texts.size());
    found.push_back(nlohmann::json::parse(texts.substr(0, at + 1), nullptr, false));
    must(!found.back().is_discarded());
    texts.remove_prefix(at + 1);
  }
  return found;
}

// append_marked() makes an array of each frame.
inline void check_frames(std::string_view frames) {
  for (const nlohmann::json& frame : read_all(frames))
    must(frame.is_array() && frame.size() == 1 && frame[0].is_object() && frame[0].contains("type"));
}

}  // namespace sluice::chat
