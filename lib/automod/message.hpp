#pragma once
// A line of input, as man/sluice-automod.5 has it.
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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
  std::string words_name;         // or the name under which they were defined
  std::optional<Action> earlier;  // verdict
};

struct BadLine {
  std::string id_json = "null";  // where it could be read
  std::string why;
};

// Entries that messages name by their definition's name; one of many entries comes in several lines.
struct Definition {
  std::string id_json = "null";
  std::string name;
  std::vector<Entry> entries;
  bool more = false;        // the next line goes on
  std::size_t refused = 0;  // of this line, which are none
  std::string why;          // the first of those
};
inline constexpr std::size_t longest_definition_name = 64;  // bytes

// Any bytes, without their newline.
std::expected<std::variant<Message, Definition>, BadLine> parse_input(std::string_view line);
std::expected<Message, BadLine> parse_message(std::string_view line);   // nothing else will do
std::string render_error(const BadLine& bad, std::size_t line_number);  // with its newline

}  // namespace sluice::automod
