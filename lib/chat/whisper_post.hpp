#pragma once
// WhisperPost: whispers where a platform has several nodes: their limits count on all of them, and they reach
// their user wherever it is.
#include <functional>
#include <optional>

#include "chat/whispers.hpp"

namespace sluice::chat {

class WhisperPost {
 public:
  virtual ~WhisperPost() = default;
  using Allowed = WhisperLimits::Verdict;
  enum class Told {
    told,
    nobody,           // it is on no node
    too_many_people,  // see WhisperLimits
  };
  // `then` comes once, at once or within moments; with nothing when nobody knows.
  virtual void ask(UserId from, std::function<void(std::optional<Allowed>)> then) = 0;
  // To the other nodes on which its user is. `here`: this one has some of its connections, which it tells
  // itself.
  virtual void tell(const Whisper& whisper, bool here, std::function<void(std::optional<Told>)> then) = 0;
};

}  // namespace sluice::chat
