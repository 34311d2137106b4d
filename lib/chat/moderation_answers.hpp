#pragma once
// Inside lib/chat: what Moderation's commands have in common, of orders and of answers.
#include <string>

#include "chat/acts.hpp"
#include "chat/notice.hpp"
#include "chat/room.hpp"
#include "chat/slash_command.hpp"

namespace sluice::chat {

Notice too_quickly();
Notice invalid_user(const std::string& login);
// What any act may come back with; `login` is for whom there is no user, or empty.
Notice failed(const Error& error, const std::string& login);
Order order_of(const Room& room, const By& by, SlashCommand& command);

}  // namespace sluice::chat
