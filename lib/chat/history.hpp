#pragma once
// History: a room's recent messages, for pages that join and for those that come back and want what they
// missed.
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
  void add(MessagePtr message, bool removed = false);
  std::vector<MessagePtr> last(std::size_t count) const;  // oldest first
  MessagePtr find(std::string_view id) const;             // null when it is not kept

  bool holds_text(std::string_view text) const;
  std::size_t capacity() const { return capacity_; }

  // What is taken off the screens is shown to nobody who comes later. It is still counted, so that it is no
  // gap.
  void remove(std::string_view id);
  void remove_author(UserId author);
  void remove_all();

  struct Missed {
    std::vector<MessagePtr> messages;  // oldest first
    bool gap = false;                  // some in between are no longer kept
  };
  // What came after `seen`. `origin` and `seq` are the room's own and its last number.
  Missed after(const Seen& seen, std::string_view origin, std::uint64_t seq) const;

 private:
  std::size_t capacity_;
  bool whole_ = false;  // all that was ever said is here
  struct Kept {
    MessagePtr message;
    bool removed = false;
  };
  std::deque<Kept> kept_;
};

}  // namespace sluice::chat
