#pragma once
// The color of a user's name in chat.
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

struct NamedColor {
  std::string_view name;  // "DodgerBlue"
  std::string_view rgb;   // "#1E90FF"
};
std::span<const NamedColor> named_colors();  // those that clients of the dialect know

// "#RRGGBB" in capitals, of "#rrggbb" or a name in any capitals, with or without '_' in it; empty of "none".
// Errc::invalid lists the names.
Result<std::string> name_color(std::string_view typed);

}  // namespace sluice::platform
