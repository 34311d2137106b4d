#pragma once
// SharedLimits: the message path's limits where several nodes keep them together, and the idempotency keys
// that any of them has taken. Each question is one step: of two nodes that ask at once, one is second.
#include <functional>
#include <string>
#include <variant>

#include "chat/rate_limit.hpp"
#include "chat/recent_keys.hpp"
#include "chat/refusal.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

class SharedLimits {
 public:
  virtual ~SharedLimits() = default;

  struct Question {
    const Message& line;  // lives until the answer
    SendTerms terms;
    bool keyed = false;   // its id is of an idempotency key
    bool unique = false;  // its text must be new to the room
  };
  struct Passed {      // it counts from now on, as sent()
    std::string mark;  // by which that is taken back
  };
  struct OnItsWay {};  // another node has taken the same key, and has not said yet what became of it
  struct Unknown {};   // no answer in time: whoever asked decides by its own limits
  using Verdict = std::variant<Unknown, Passed, Refusal, PublishedAs, OnItsWay>;
  using Then = std::function<void(Verdict)>;

  // Whether asking is of any use just now.
  virtual bool answers() = 0;
  // `then` comes once, at once or within moments, on the thread that asked.
  virtual void ask(const Question& question, Then then) = 0;
  // A line with a key has been published, whether it was asked about or not.
  virtual void published(const Message& line) = 0;
  // A line that passed was refused after all, or held: it does not count, and its key may be used again, or
  // is answered on all nodes as held.
  virtual void refused(const Question& question, const Passed& passed, const Refusal& why) = 0;
  // What was held under the key is decided on otherwise.
  virtual void forget_key(const std::string& id) = 0;
};

}  // namespace sluice::chat
