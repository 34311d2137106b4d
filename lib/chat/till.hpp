#pragma once
// Till: where a message that cheers is paid for, the last thing before it is said.
#include <functional>
#include <string>
#include <variant>

#include "chat/refusal.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

class Till {
 public:
  virtual ~Till() = default;
  struct Paid {};
  struct NoCheer {};  // its author never had bits: the words are words
  using Payment = std::variant<Paid, NoCheer, Refusal>;
  using Then = std::function<void(Payment)>;
  // Once for each message.id, however often it is asked. `then` is called once, at once or later, on the
  // thread that asked; `line` lives until then.
  virtual void pay(const Message& line, Then then) = 0;
  // Of a message that was paid and is not said after all.
  virtual void give_back(const std::string& message_id) = 0;
};

}  // namespace sluice::chat
