#pragma once
// Directory: what chat asks the platform: who stands behind a token or a ticket, and which channel has a
// name. Answers come later or at once, on the asker's thread, in the order of the questions to the store.
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "chat/history.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

struct Identity {
  User user;
  bool may_write = false;
  TokenId token{};              // that was shown, itself or by a ticket; 0: none
  std::optional<Wall> until{};  // when the token expires
};

class Directory {
 public:
  virtual ~Directory() = default;
  // Errc::denied: the token is bad, or may not read chat. Errc::unavailable: ask again later.
  virtual void find_by_token(std::string token, std::function<void(Result<Identity>)> answer) = 0;
  virtual void redeem_ticket(std::string ticket, std::function<void(Result<Identity>)> answer) = 0;
  // Errc::not_found: there is no such user. `login` is lower-case.
  virtual void find_user(std::string login, std::function<void(Result<User>)> answer) = 0;
  // Errc::not_found: there is no such channel.
  virtual void find_channel(std::string name, std::function<void(Result<Channel>)> answer) = 0;
  // For one who has seen that much of the room: what others have of it is fetched first, as far as it can be.
  virtual void find_channel_for(std::string name, const Seen& seen,
                                std::function<void(Result<Channel>)> answer) {
    static_cast<void>(seen);
    find_channel(std::move(name), std::move(answer));
  }
};

}  // namespace sluice::chat
