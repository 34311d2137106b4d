#pragma once
// Gate: a step of the message path that may take its time: another program is asked, or another node.
#include <functional>
#include <optional>

#include "chat/refusal.hpp"
#include "chat/room.hpp"

namespace sluice::chat {

class Gate {
 public:
  virtual ~Gate() = default;
  using Then = std::function<void(std::optional<Refusal>)>;  // nothing: the line passes
  // `line` is the message as it would be published, without a number or a time. It stays in its place until
  // `then` is called, which must be once, at once or later, on the thread that asked; a second call has no
  // effect.
  virtual void ask(const Room& room, const Message& line, Then then) = 0;
};

}  // namespace sluice::chat
