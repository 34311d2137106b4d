#include "platform/premium.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace sluice::platform {

namespace {
constexpr std::array<std::pair<Premium, std::string_view>, 3> premium_names{
    {{Premium::none, "none"}, {Premium::turbo, "turbo"}, {Premium::prime, "prime"}}};
}

std::string_view name(Premium premium) {
  for (const auto& [each, name] : premium_names)
    if (each == premium) return name;
  return "none";
}

Result<Premium> parse_premium(std::string_view typed) {
  for (const auto& [premium, name] : premium_names)
    if (name == typed) return premium;
  return fail(Errc::usage, fmt::format("\"{}\" is nothing that an account has", legible(typed)),
              "give turbo, prime or none");
}

}  // namespace sluice::platform
