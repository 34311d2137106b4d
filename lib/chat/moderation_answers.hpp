#pragma once
// Inside lib/chat: what Moderation's commands have in common, of orders and of answers.
#include <string>
#include <string_view>
#include <vector>

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

// The first `most` of a text, which tells that there are more.
std::string first_code_points(std::string_view text, std::size_t most);
// "a | b | and 3 more": as many as a line of chat has room for, at least one.
std::string as_many_as_fit(const std::vector<std::string>& list);
std::string day_of(Wall at);  // "2026-01-02"

}  // namespace sluice::chat
