#pragma once
// Bits: what a message cheers with, and what badge comes of it.
#include <cstdint>
#include <string_view>

namespace sluice::platform {

inline constexpr std::int64_t most_bits = 100'000;         // of one message
inline constexpr std::int64_t most_granted = 100'000'000;  // at once

// Whom the dialect's clients take for somebody who cheers anonymously: its login and display name. Nobody can
// have them (names.hpp).
inline constexpr std::string_view anonymous_cheerer_login = "ananonymouscheerer";
inline constexpr std::string_view anonymous_cheerer_name = "AnAnonymousCheerer";
inline constexpr std::int64_t anonymous_cheerer_tmi_id = 407665396;  // by which IRC clients know it; 0 elsewhere

// The sum of the cheer words in a text: "cheer" in any capitals and a number from 1 without leading zeros,
// with blanks or the text's ends around it. 0: it has none. Never more than most_bits + 1, which stands for
// all that is more.
std::int64_t cheered_bits(std::string_view utf8);

// The greatest step of the bits badge that the total reaches: 1, 100, 1000, 5000, … 5000000; 0: none.
std::int64_t bits_badge(std::int64_t total);
// "bronze" (steps below 1000), "silver" (below 10000), "gold"; empty for 0.
std::string_view bits_metal(std::int64_t badge);

}  // namespace sluice::platform
