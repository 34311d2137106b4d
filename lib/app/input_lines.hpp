#pragma once
// Lines of standard input that name what a tool acts upon, each on its own.
#include <cstddef>
#include <functional>
#include <istream>
#include <string>

#include "base/result.hpp"

namespace sluice::app {

// Gives `take` each line, without blanks around it and a CR behind it, and its number, from 1; not those that
// are blank or begin with #. An error of `take` ends it; Errc::io where not everything could be read.
using TakeLine = std::function<Result<>(const std::string& line, std::size_t number)>;
Result<> each_input_line(std::istream& in, const TakeLine& take);

// Does the error concern all that would follow, and not one alone: a store that is busy, a full disk?
bool concerns_all(Errc code);

}  // namespace sluice::app
