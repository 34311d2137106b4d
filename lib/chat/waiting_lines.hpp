#pragma once
// WaitingLines: lines that gates have not let through yet. Those of one sender in one room leave in the order
// in which they came; nobody waits for another's.
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/outcome.hpp"
#include "chat/rate_limit.hpp"
#include "chat/room.hpp"
#include "chat/shared_limits.hpp"

namespace sluice::chat {

struct WaitingLine {
  Room* room = nullptr;
  Message message;
  std::weak_ptr<Member> from;                     // the speaker's membership, as long as it has it
  std::string key_id;                             // message.id, where it has an idempotency key
  std::size_t said = 0;                           // hash of what it says
  bool taken = false;                             // it has its place in this node's limits
  std::optional<SendLimits::Sent> sent{};         // it counts as sent here
  std::optional<SendLimits::Sent> sent_before{};  // what counts again if this is not published
  std::optional<std::uint64_t> looked_up_at{};    // of which People::emote_changes() its emotes are
  std::string older{};                            // what it replies to, where that must be looked up
  bool unique = false;                            // see SharedLimits::Question
  std::optional<SharedLimits::Passed> passed{};   // it counts on all nodes
  std::size_t gate = 0;                           // that is being asked
  bool paid = false;                              // a cheer
  bool decided = false;
  std::optional<Refusal> refused{};
  std::optional<PublishedAs> published_as{};  // another node has published it
  bool on_its_way = false;                    // another node has it
  std::vector<Answer> answers{};              // the sender's, and those of its repeats
};

class WaitingLines {
 public:
  static constexpr std::size_t most_of_a_sender = 64;  // in a room
  static constexpr std::size_t most_in_a_room = 8192;
  static constexpr std::size_t most_repeats = 16;

  // Nothing: there is room for one more.
  std::optional<Refusal> refused_as_too_many(const Room& room, UserId sender) const;
  void add(std::shared_ptr<WaitingLine> line);
  WaitingLine* find(const std::string& key_id) const;
  // The oldest line of the sender if it has been decided on; it waits no more.
  std::shared_ptr<WaitingLine> take_decided(const Room& room, UserId sender);
  WaitingLine* oldest(const Room& room, UserId sender) const;
  // The sender's line that was sent after `sent` and knows it as what counted before.
  WaitingLine* next_after(const Room& room, UserId sender, const SendLimits::Sent& sent) const;
  std::size_t size() const { return size_; }
  bool any(const Room& room) const { return rooms_.contains(&room); }

 private:
  using Lines = std::deque<std::shared_ptr<WaitingLine>>;
  using Senders = std::unordered_map<UserId, Lines>;
  struct InRoom {
    Senders senders;
    std::size_t size = 0;
  };
  const Lines* lines_of(const Room& room, UserId sender) const;

  std::unordered_map<const Room*, InRoom> rooms_;
  std::unordered_map<std::string, WaitingLine*> keyed_;
  std::size_t size_ = 0;
};

}  // namespace sluice::chat
