#pragma once
// EmoteGrants: which emotes single users were granted, on this node. Read from the store at the start, and
// changed by what the event log tells.
#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

class EmoteGrants {
 public:
  void put(UserId user, std::string emote) {
    std::vector<std::string>& emotes = emotes_[user];
    if (std::ranges::find(emotes, emote) == emotes.end()) emotes.push_back(std::move(emote));
  }
  void end(UserId user, std::string_view emote) {
    const auto of = emotes_.find(user);
    if (of == emotes_.end()) return;
    std::erase(of->second, emote);
    if (of->second.empty()) emotes_.erase(of);
  }
  void forget(std::string_view emote) {  // it was removed
    for (auto each = emotes_.begin(); each != emotes_.end();) {
      std::erase(each->second, emote);
      each = each->second.empty() ? emotes_.erase(each) : std::next(each);
    }
  }
  std::span<const std::string> of(UserId user) const {  // ids
    const auto found = emotes_.find(user);
    return found == emotes_.end() ? std::span<const std::string>() : found->second;
  }

 private:
  std::unordered_map<UserId, std::vector<std::string>> emotes_;
};

}  // namespace sluice::chat
