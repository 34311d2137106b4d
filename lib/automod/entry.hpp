#pragma once
// An entry of a word list, and the list's file (man/sluice-automod.5, "A word list").
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice::automod {

enum class Action { allow, hold, block };  // each sterner than the one before

std::string_view name(Action action);
Result<Action> action_named(std::string_view name);  // Errc::invalid

struct Entry {
  Action action = Action::block;
  std::string category = "custom";
  std::string phrase;  // UTF-8, or an expression
  bool pattern = false;
  std::uint64_t list = 0;  // the shared list it is of, which it allows for alone; 0: none
};

bool is_category(std::string_view text);
inline constexpr std::size_t longest_phrase = 100;  // characters
inline constexpr std::size_t longest_pattern = 500;

// Errc::invalid names the line. Any bytes: a text that is not UTF-8 is refused.
Result<std::vector<Entry>> parse_word_list(std::string_view text);

}  // namespace sluice::automod
