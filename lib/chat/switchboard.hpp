#pragma once
// Switchboard: the connections of each user on this node, for what reaches a user and no room.
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"

namespace sluice::chat {

class Client;

class Switchboard {
 public:
  // One connection's place, for as long as it lives. Empty: the connection of nobody.
  class Plug {
   public:
    Plug() = default;
    Plug(Switchboard& board, UserId user, Client& client);  // all outlive it
    Plug(Plug&& other) noexcept;
    Plug& operator=(Plug&& other) noexcept;
    ~Plug();

   private:
    void pull();
    Switchboard* board_ = nullptr;
    UserId user_;
    Client* client_ = nullptr;
  };

  // A user has the first connection; has the last no more.
  std::function<void(UserId)> on_came, on_left;

  std::vector<Client*> of(UserId user) const;
  template <class Visit>
  void each(UserId user, const Visit& visit) const {
    for (Client* client : of(user)) visit(*client);
  }

 private:
  std::unordered_multimap<UserId, Client*> clients_;
};

}  // namespace sluice::chat
