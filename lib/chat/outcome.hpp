#pragma once
// What became of a line that somebody sent.
#include <expected>
#include <functional>
#include <string>

#include "chat/recent_keys.hpp"
#include "chat/refusal.hpp"

namespace sluice::chat {

struct Accepted {
  std::string id;
  PublishedAs as;
  bool repeated = false;  // it had been published before, or was on its way, and was not published again
};

using Outcome = std::expected<Accepted, Refusal>;
using Answer = std::function<void(const Outcome&)>;

}  // namespace sluice::chat
