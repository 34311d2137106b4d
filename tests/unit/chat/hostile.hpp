#pragma once
// Hostile: any value of what chat is about, with any text that UTF-8 allows.
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "base/utf8.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// Characters that somebody has stumbled over, and any others.
class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    static const std::vector<std::string> pieces{"\"",
                                                 "\\",
                                                 "/",
                                                 "\\u0000",
                                                 "\\\"",
                                                 "\n",
                                                 "\r",
                                                 "\t",
                                                 "\b",
                                                 "\f",
                                                 std::string(1, '\0'),
                                                 "\x7f",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 "\xc2\x80",
                                                 "\xdf\xbf",
                                                 "\xe2\x80\xa8",
                                                 "\xe2\x80\xa9",
                                                 "\xed\x9f\xbf",
                                                 "\xee\x80\x80",
                                                 "\xef\xbb\xbf",
                                                 "\xef\xbf\xbd",
                                                 "\xef\xbf\xbf",
                                                 "\xf0\x90\x80\x80",
                                                 "\xf0\x9f\x98\x80",
                                                 "\xf4\x8f\xbf\xbf",
                                                 "</script>",
                                                 "abc",
                                                 " "};
    std::string text;
    for (std::uint64_t i = random_.below(8); i > 0; --i)
      text += random_.below(3) == 0 ? std::string(1, static_cast<char>(random_.below(0x80)))
                                    : pieces[random_.below(pieces.size())];
    REQUIRE(is_utf8(text));
    return text;
  }
  bool coin() { return random_.below(2) == 1; }
  // As pages can have it: JavaScript's numbers are whole up to 2^53.
  std::int64_t number() { return static_cast<std::int64_t>(random_.below((1ULL << 53) + 1)); }
  Wall time() { return Wall(milliseconds(number())); }
  User user() { return {UserId(number()), text(), text(), coin() ? text() : ""}; }
  Channel channel() { return {ChannelId(number()), text(), UserId(number()), text()}; }
  RoomSettings settings() {
    return {.emote_only = coin(),
            .followers_only = coin() ? -1 : 10,
            .unique = coin(),
            .slow = coin() ? 0U : 30U,
            .subs_only = coin()};
  }

  std::vector<Badge> badges() {
    std::vector<Badge> some;
    for (std::uint64_t i = random_.below(3); i > 0; --i) some.push_back({text(), text()});
    return some;
  }
  std::vector<EmoteUse> emotes() {
    std::vector<EmoteUse> some;
    for (std::uint64_t i = random_.below(3); i > 0; --i) some.push_back({text(), 0, 4'294'967'295U});
    return some;
  }

 private:
  SeededRandom random_;
};

}  // namespace sluice::chat
