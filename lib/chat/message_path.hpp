#pragma once
// MessagePath: what happens to a message between its sender and the room, each step a small unit of its own,
// in this order:
//   text → idempotency key → ban → rate limits → same text again → room settings → emotes → badges → build →
//   keep (History, on_published) → publish
#include <expected>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "chat/rate_limit.hpp"
#include "chat/recent_keys.hpp"
#include "chat/refusal.hpp"
#include "chat/room.hpp"

namespace sluice::chat {

struct Draft {
  const User& author;
  std::string_view typed;
  std::string_view key{};       // idempotency key; empty: none, and every message is a new one
  std::string_view reply_to{};  // message id; one that is no longer known is left out
  std::string_view client_nonce{};
  Member* from = nullptr;           // the speaker's own membership
  std::string_view announcement{};  // its color: "PRIMARY"; empty: an ordinary message
};

struct Accepted {
  std::string id;
  PublishedAs as;
  bool repeated = false;  // it had been published before, and was not again
};

class MessagePath {
 public:
  MessagePath(Clock& clock, Random& random, SendLimits::Rates rates)
      : clock_(clock), random_(random), limits_(rates) {}

  std::function<void(const MessagePtr&)> on_published;  // archive, counters; must not block

  std::expected<Accepted, Refusal> take(Room& room, const Draft& draft);
  // A message of an earlier run, so that its repeat is known.
  void restore(const Message& message);
  // Whether a repeat of this one would be known.
  bool knows(const std::string& id) { return recent_.find(id, clock_.steady()).has_value(); }
  void change(const SendLimits::Rates& rates) { limits_.change(rates); }
  void forget_idle() { limits_.forget_idle(clock_.steady()); }

 private:
  std::optional<Refusal> refused_by_ban(const Room& room, UserId user) const;

  Clock& clock_;
  Random& random_;
  RecentKeys recent_;
  SendLimits limits_;
};

}  // namespace sluice::chat
