#include "chat/switchboard.hpp"

#include <utility>

namespace sluice::chat {

Switchboard::Plug::Plug(Switchboard& board, UserId user, Client& client)
    : board_(&board), user_(user), client_(&client) {
  const bool first = !board.clients_.contains(user);
  board.clients_.emplace(user, &client);
  if (first && board.on_came) board.on_came(user);
}

Switchboard::Plug::Plug(Plug&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)), user_(other.user_), client_(other.client_) {}

Switchboard::Plug& Switchboard::Plug::operator=(Plug&& other) noexcept {
  pull();
  board_ = std::exchange(other.board_, nullptr);
  user_ = other.user_;
  client_ = other.client_;
  return *this;
}

Switchboard::Plug::~Plug() {
  pull();
}

void Switchboard::Plug::pull() {
  if (board_ == nullptr) return;
  const auto [begin, end] = board_->clients_.equal_range(user_);
  for (auto at = begin; at != end; ++at) {
    if (at->second != client_) continue;
    board_->clients_.erase(at);
    break;
  }
  Switchboard& board = *std::exchange(board_, nullptr);
  if (board.on_left && !board.clients_.contains(user_)) board.on_left(user_);
}

std::vector<Client*> Switchboard::of(UserId user) const {
  std::vector<Client*> clients;
  const auto [begin, end] = clients_.equal_range(user);
  for (auto at = begin; at != end; ++at) clients.push_back(at->second);
  return clients;
}

}  // namespace sluice::chat
