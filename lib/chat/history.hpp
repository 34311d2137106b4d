#pragma once
// History: a room's recent messages, for pages that join and for those that come back and want what they
// missed. It is in the messages' own order, whenever each came in: nodes that have the same messages have the
// same history.
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

// The last message seen, by origin.
using Seen = std::map<std::string, std::uint64_t, std::less<>>;

class History {
 public:
  explicit History(std::size_t capacity = 200) : capacity_(capacity) {}

  // It begins with the room's first message, earlier runs of the node counted: until it is full nothing is
  // missing.
  void begins_at_first() { whole_ = true; }
  // Keeps so many more than it shows. A message that two nodes took moves to its earlier number when that is
  // heard: what it stood in the way of until then is there again.
  void keep_spare(std::size_t count) { spare_ = count; }
  void clear();  // as if nothing had been said
  enum class Added {
    new_one,
    known,    // by its id: one that two nodes published, before they heard of each other, is one message
    too_old,  // before everything that is kept: not kept
  };
  Added add(MessagePtr message, bool removed = false);
  std::vector<MessagePtr> last(std::size_t count) const;  // oldest first
  MessagePtr find(std::string_view id) const;             // null when it is not kept

  bool holds_text(std::string_view text) const;
  std::size_t capacity() const { return capacity_; }
  MessagePtr latest() const { return kept_.empty() ? nullptr : kept_.back().message; }

  // What is taken off the screens is shown to nobody who comes later. It is still counted, so that it is no
  // gap.
  void remove(std::string_view id);
  void remove_author(UserId author);
  void remove_all(Wall until);

  struct Missed {
    std::vector<MessagePtr> messages;  // oldest first
    bool gap = false;                  // some in between are no longer kept
    std::optional<Wall> seen_until;    // when the last of those that were seen was said, where it is kept
  };
  // What came after `seen`. `heads`: the last number of each origin that this node knows of. `complete`: of
  // an origin that `seen` does not name nothing was seen; else those of its messages are new that came after
  // something that was.
  Missed after(const Seen& seen, const Seen& heads, bool complete) const;

  // A message by one of the numbers it has; several, when several nodes published it.
  struct Number {
    std::string origin;
    std::uint64_t seq = 0;
    Wall at;
    std::int64_t order = 0;
  };
  struct Kept {
    MessagePtr message;  // under its first number in the history's order
    bool removed = false;
    std::vector<Number> also;                             // its others
    std::uint64_t seq_of(std::string_view origin) const;  // 0: it has no number of that origin's
  };
  const std::deque<Kept>& kept() const { return kept_; }
  const Kept* entry(std::string_view id) const;

 private:
  void insert(Kept kept);

  std::size_t capacity_, spare_ = 0;
  bool whole_ = false;  // all that was ever said is here
  std::deque<Kept> kept_;
};

}  // namespace sluice::chat
