#pragma once
// A hall whose message path is asked directly: what became of each line, and what was published.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

namespace sluice::chat {

using Texts = std::vector<std::string>;

struct PathHall : TestHall {
  Texts published;
  Room& demo;
  const User bob = user(8, "bob"), cyd = user(9, "cyd"), ada = user(7, "ada");

  PathHall() : demo(rooms.open(directory.channels["demo"])) {
    path.on_published = [this](const MessagePtr& message) { published.push_back(message->text); };
  }
  // What became of it; nothing yet while it waits.
  using Told = std::shared_ptr<std::optional<Outcome>>;
  Told say(const User& author, std::string_view text, std::string_view key = {}) {
    const auto told = std::make_shared<std::optional<Outcome>>();
    path.take(demo, Draft{.author = author, .typed = text, .key = key}, [told](const Outcome& outcome) {
      REQUIRE_FALSE(told->has_value());
      *told = outcome;
    });
    return told;
  }
};

inline bool waits(const PathHall::Told& told) {
  return !told->has_value();
}
inline Reason reason(const PathHall::Told& told) {
  REQUIRE_FALSE(waits(told));
  REQUIRE_FALSE((*told)->has_value());
  return (*told)->error().reason;
}

}  // namespace sluice::chat
