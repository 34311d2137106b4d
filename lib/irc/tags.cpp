#include "irc/tags.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::irc {

void append_escaped(std::string& out, std::string_view value) {
  for (char c : value) {
    switch (c) {
      case ';':
        out += "\\:";
        break;
      case ' ':
        out += "\\s";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\0':
        break;
      default:
        out += c;
    }
  }
}

std::string unescaped(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\') {
      out += value[i];
    } else if (++i < value.size()) {
      switch (value[i]) {
        case ':':
          out += ';';
          break;
        case 's':
          out += ' ';
          break;
        case 'r':
          out += '\r';
          break;
        case 'n':
          out += '\n';
          break;
        default:
          out += value[i];
      }
    }
  }
  return out;
}

Tags parse_tags(std::string_view text) {
  Tags tags;
  for (std::string_view part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    if (key.empty()) continue;
    std::string value = equals == std::string_view::npos ? std::string() : unescaped(part.substr(equals + 1));
    const auto same = std::ranges::find(tags, key, &Tag::first);
    if (same != tags.end()) {
      same->second = std::move(value);
    } else {
      tags.emplace_back(key, std::move(value));
    }
  }
  return tags;
}

std::string_view find_tag(const Tags& tags, std::string_view key) {
  const auto tag = std::ranges::find(tags, key, &Tag::first);
  return tag == tags.end() ? std::string_view() : std::string_view(tag->second);
}

}  // namespace sluice::irc
