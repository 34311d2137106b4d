#pragma once
// A line of input, as man/sluice-automod.5 has it.
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "automod/entry.hpp"

namespace sluice::automod {

inline constexpr std::size_t longest_line = 16384;  // bytes, without the newline
inline constexpr std::size_t most_room_words = 500;
inline constexpr int highest_level = 4;

struct Message {
  std::string id_json = "null";
  std::string text;  // valid UTF-8
  std::vector<std::string> roles;
  std::optional<int> level;
  std::vector<Entry> words;       // the room's own
  std::string words_json;         // the same as text, to know them again by; empty without any
  std::optional<Action> earlier;  // verdict
};

struct BadLine {
  std::string id_json = "null";  // where it could be read
  std::string why;
};

// Any bytes, without their newline.
std::expected<Message, BadLine> parse_message(std::string_view line);
std::string render_error(const BadLine& bad, std::size_t line_number);  // with its newline

}  // namespace sluice::automod
