#pragma once
// MessagePath: what happens to a message between its sender and the room, each step a small unit of its own,
// in this order:
//   text → idempotency key → ban → rate limits → slow mode → same text again → room settings → emotes →
//   gates → payment of what cheers → emotes, ban and settings as they are now → badges → build → keep
//   (History, on_published) → publish
// Rate limits and repeats are this node's own, or are asked of those that several nodes share. That, and a
// gate, may answer later; without them, or when they answer at once, the message is published before take()
// returns.
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "chat/gate.hpp"
#include "chat/outcome.hpp"
#include "chat/rate_limit.hpp"
#include "chat/recent_keys.hpp"
#include "chat/refusal.hpp"
#include "chat/room.hpp"
#include "chat/shared_limits.hpp"
#include "chat/till.hpp"
#include "chat/waiting_lines.hpp"

namespace sluice::chat {

struct Draft {
  const User& author;
  std::string_view typed;
  std::string_view key{};       // idempotency key; empty: none, and every message is a new one
  std::string_view reply_to{};  // message id; one that is not known is left out
  std::string_view client_nonce{};
  std::shared_ptr<Member> from{};   // the speaker's own membership
  std::string_view announcement{};  // its color: "PRIMARY"; empty: an ordinary message
  bool anonymous = false;           // a cheer whose author is not told
  std::string_view address{};       // of the speaker, for the audit log
};

class MessagePath {
 public:
  MessagePath(Clock& clock, Random& random, SendLimits::Rates rates)
      : clock_(clock), random_(random), limits_(rates) {}

  std::function<void(const MessagePtr&)> on_published;  // archive, counters; must not block
  // Looks up what is replied to and the room has no longer in mind; null: there is no such message, or it was
  // taken off. What is not answered within two seconds, and any without it, is said as an ordinary line.
  std::function<void(ChannelId, std::string id, std::function<void(const MessagePtr&)> answer)> find_older;
  // Asked after those that were added before, each when the one before it has let the line through. They
  // outlive the path, or never answer after its end.
  void add_gate(Gate& gate) { gates_.push_back(&gate); }
  // From now on limits are those of all nodes, and this node's own while those do not answer. They outlive
  // the path, or never answer after its end.
  void share(SharedLimits& limits) { shared_ = &limits; }

  // Without one no word cheers. It outlives the path, or never answers after its end.
  void pay_at(Till& till) { till_ = &till; }

  // `then` is called once. Of the draft nothing is kept; the room outlives the line.
  void take(Room& room, const Draft& draft, Answer then);
  // A line that was held back with Reason::held and may be said now: published under its id as if it had been
  // sent now, whatever the room's settings. Null: it has been published already, or its author is banned.
  MessagePtr publish_held(Room& room, Message line);
  // A cheer that is paid: said under its id, whatever the limits and the room's settings. Gates are asked
  // unless they have let it through before (`checked`); what they refuse, and what is of somebody banned, is
  // given back.
  void say_paid(Room& room, Message line, bool checked, Answer then);
  // What was held back is decided on otherwise: its repeat is a new question.
  void forget_held(const std::string& id);
  // A message of an earlier run, or another node's, so that its repeat is known. What is older than five
  // minutes is not kept.
  void restore(const Message& message);
  void restore(const std::string& id, const PublishedAs& as);
  // Whether a repeat of this one would be known.
  bool knows(const std::string& id) { return recent_.find(id, clock_.steady()).has_value(); }
  void change(const SendLimits::Rates& rates) { limits_.change(rates); }
  const SendLimits::Rates& rates() const { return limits_.rates(); }
  void tick();  // once a second: forgets what has passed
  std::size_t waiting() const { return waiting_.size(); }
  bool waits_in(const Room& room) const { return waiting_.any(room); }

 private:
  struct Elsewhere {  // a repeat of what another node has taken
    std::vector<Answer> answers;
    Steady until;
  };
  std::optional<Refusal> refused_by_ban(const Room& room, UserId user) const;
  std::optional<Refusal> refused_by_limits(const WaitingLine& line);
  std::optional<Refusal> refused_by_room(WaitingLine& line);
  bool known(const std::string& id, Answer& then);
  std::int64_t bits_in(const Room& room, const Draft& draft, std::string_view text) const;
  // How much of what its author has cheered with is of this one, so that it brings emotes from the next on.
  static std::int64_t counted_bits(const Message& paid);
  MessagePtr publish(Room& room, Message line, Member* from, bool keyed);
  Outcome settle(WaitingLine& line);
  SharedLimits::Question question(const WaitingLine& line) const;
  void ask_others(const std::shared_ptr<WaitingLine>& line);
  void answered(const std::shared_ptr<WaitingLine>& line, SharedLimits::Verdict verdict);
  void look_up(const std::shared_ptr<WaitingLine>& line);
  void give_up_looking(Steady now);
  void ask_gates(const std::shared_ptr<WaitingLine>& line);
  void answered(const std::shared_ptr<WaitingLine>& line, std::optional<Refusal> refused);
  void decide(const std::shared_ptr<WaitingLine>& line, std::optional<Refusal> refused);
  void pay(const std::shared_ptr<WaitingLine>& line);
  void give_back(const WaitingLine& line);
  void resolve(const std::string& id, const PublishedAs& as);

  Clock& clock_;
  Random& random_;
  std::vector<Gate*> gates_;
  RecentKeys recent_;
  Recent<Refusal> held_;
  SendLimits limits_;
  SharedLimits* shared_ = nullptr;
  Till* till_ = nullptr;
  Steady alone_until_{};  // until then this node's limits know more than the shared ones
  WaitingLines waiting_;
  std::deque<std::pair<Steady, std::weak_ptr<WaitingLine>>> looked_up_;  // whose reply was asked for
  std::unordered_map<std::string, Elsewhere> elsewhere_;
};

}  // namespace sluice::chat
