#pragma once
// What stands on standard input, for tools: names of what they act upon, each on a line of its own, or a
// text.
//
// Errc::io where not everything could be read: an input that cannot be read is no empty one. Errc::invalid
// for a line beyond `longest_input_line`, before more of it is taken in.
#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace sluice::app {

inline constexpr std::size_t longest_input_line = 4096;  // bytes

// Gives `take` each line of the descriptor, without blanks around it and a CR behind it, and its number, from
// 1, as soon as it is there; not those that are blank or begin with #. An error of `take` ends it.
using TakeLine = std::function<Result<>(const std::string& line, std::size_t number)>;
Result<> each_input_line(int fd, const TakeLine& take);

// All lines of the descriptor as they are, each with its end.
Result<std::string> read_input(int fd);

// A program that was started without standard input reads a failure there and not what it opens first, nor
// the empty file that SQLite puts in its place.
void make_missing_input_unreadable();

// Does the error concern all that would follow, and not one alone: a store that is busy, a full disk?
bool concerns_all(Errc code);

}  // namespace sluice::app
