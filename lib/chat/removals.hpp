#pragma once
// Removals: what moderation took off a room's screens, remembered for messages that come from another node
// only after the act that took them off.
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "chat/types.hpp"

namespace sluice::chat {

class Removals {
 public:
  void remove(std::string id);
  void remove_author(UserId author, Wall at);  // what it had said until then
  void remove_all(Wall at);
  bool covers(const Message& message) const;

 private:
  static constexpr std::size_t most = 1000;  // ids, and authors: the oldest are forgotten
  std::unordered_set<std::string> ids_;
  std::deque<std::string> order_;
  std::unordered_map<UserId, Wall> authors_;
  std::deque<UserId> authors_order_;
  Wall all_{};
};

}  // namespace sluice::chat
