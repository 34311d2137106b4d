#include "platform/colors.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::platform {

namespace {
constexpr std::array named{NamedColor{"Blue", "#0000FF"},       NamedColor{"BlueViolet", "#8A2BE2"},
                           NamedColor{"CadetBlue", "#5F9EA0"},  NamedColor{"Chocolate", "#D2691E"},
                           NamedColor{"Coral", "#FF7F50"},      NamedColor{"DodgerBlue", "#1E90FF"},
                           NamedColor{"Firebrick", "#B22222"},  NamedColor{"GoldenRod", "#DAA520"},
                           NamedColor{"Green", "#008000"},      NamedColor{"HotPink", "#FF69B4"},
                           NamedColor{"OrangeRed", "#FF4500"},  NamedColor{"Red", "#FF0000"},
                           NamedColor{"SeaGreen", "#2E8B57"},   NamedColor{"SpringGreen", "#00FF7F"},
                           NamedColor{"YellowGreen", "#9ACD32"}};

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
}  // namespace

std::span<const NamedColor> named_colors() {
  return named;
}

Result<std::string> name_color(std::string_view typed) {
  if (ascii_iequals(typed, "none")) return std::string();
  if (typed.size() == 7 && typed.front() == '#' && std::ranges::all_of(typed.substr(1), is_hex)) {
    std::string rgb(typed);
    for (char& c : rgb)
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return rgb;
  }
  std::string plain(typed);
  std::erase(plain, '_');
  std::string names;
  for (const NamedColor& color : named) {
    if (ascii_iequals(color.name, plain)) return std::string(color.rgb);
    names.append(names.empty() ? "" : ", ").append(color.name);
  }
  return fail(Errc::invalid, fmt::format("\"{}\" is no color", legible(typed)),
              fmt::format("use #RRGGBB, none, or one of {}", names));
}

}  // namespace sluice::platform
