#pragma once
// How option values are written (used by the parser; the public parts are in options.hpp).
#include <optional>
#include <string>
#include <string_view>

#include "app/options.hpp"

namespace sluice::app {

std::optional<bool> parse_flag(std::string_view text);
// Whether `value` is of the option's kind; the error says what would be.
Result<> check_value(const Option& option, const std::string& value);

}  // namespace sluice::app
