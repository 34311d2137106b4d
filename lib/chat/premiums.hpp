#pragma once
// Premiums: which users have Turbo or Prime, on this node: for badges. Read from the store at the start, and
// changed by what the event log tells.
#include <unordered_map>

#include "chat/types.hpp"
#include "platform/premium.hpp"

namespace sluice::chat {

class Premiums {
 public:
  void put(UserId user, platform::Premium premium) {
    if (premium == platform::Premium::none) {
      premiums_.erase(user);
    } else {
      premiums_[user] = premium;
    }
  }
  platform::Premium of(UserId user) const {
    const auto found = premiums_.find(user);
    return found == premiums_.end() ? platform::Premium::none : found->second;
  }

 private:
  std::unordered_map<UserId, platform::Premium> premiums_;
};

}  // namespace sluice::chat
