#pragma once
// Removals: what moderation took off a room's screens, remembered for messages that come from another node
// only after the act that took them off, and for pages that were away when it happened.
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

// What a page that comes back has to take off its screen.
struct TakenOff {
  std::vector<std::string> ids;                  // messages
  std::vector<std::pair<UserId, Wall>> authors;  // all that they said until then
  std::optional<Wall> all;                       // all that was said until then
};

class Removals {
 public:
  void remove(std::string id, Wall at);
  void remove_author(UserId author, Wall at);  // what it had said until then
  void remove_all(Wall at);
  bool covers(const Message& message) const;
  TakenOff since(Wall from) const;

 private:
  static constexpr std::size_t most = 1000;  // ids, and authors: the oldest are forgotten
  struct Taken {
    std::string id;
    Wall at;
  };
  std::unordered_set<std::string> ids_;
  std::deque<Taken> order_;
  std::unordered_map<UserId, Wall> authors_;
  std::deque<UserId> authors_order_;
  Wall all_{};
};

}  // namespace sluice::chat
