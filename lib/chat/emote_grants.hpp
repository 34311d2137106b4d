#pragma once
// EmoteGrants: which emotes single users were granted, on this node. Read from the store at the start, and
// changed by what the event log tells.
#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

class EmoteGrants {
 public:
  void put(UserId user, EmoteId emote) {
    if (!users_[emote].insert(user).second) return;
    ++changes_;
    std::vector<EmoteId>& emotes = emotes_[user];
    emotes.insert(std::ranges::lower_bound(emotes, emote), emote);
  }
  void end(UserId user, EmoteId emote) {
    const auto with = users_.find(emote);
    if (with == users_.end() || with->second.erase(user) == 0) return;
    ++changes_;
    if (with->second.empty()) users_.erase(with);
    take(user, emote);
  }
  void forget(EmoteId emote) {  // it was removed
    const auto with = users_.find(emote);
    if (with == users_.end()) return;
    ++changes_;
    for (const UserId user : with->second) take(user, emote);
    users_.erase(with);
  }
  std::span<const EmoteId> of(UserId user) const {  // ascending
    const auto found = emotes_.find(user);
    return found == emotes_.end() ? std::span<const EmoteId>() : found->second;
  }
  std::uint64_t changes() const { return changes_; }

 private:
  void take(UserId user, EmoteId emote) {
    const auto of = emotes_.find(user);
    std::erase(of->second, emote);
    if (of->second.empty()) emotes_.erase(of);
  }

  std::unordered_map<UserId, std::vector<EmoteId>> emotes_;
  std::unordered_map<EmoteId, std::unordered_set<UserId>> users_;
  std::uint64_t changes_ = 0;
};

}  // namespace sluice::chat
