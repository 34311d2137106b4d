#include "chat/moderation_answers.hpp"

#include "chat/act_context.hpp"

namespace sluice::chat {

Notice too_quickly() {
  return {"msg_ratelimit", "Your command was not carried out because you are sending commands too quickly."};
}

Notice invalid_user(const std::string& login) {
  return {"invalid_user", "There is no user called " + login + "."};
}

Notice failed(const Error& error, const std::string& login) {
  if (error.code == Errc::not_found && !login.empty()) return invalid_user(login);
  if (error.code == Errc::unavailable || error.code == Errc::io)
    return {"unavailable_command",
            "That could not be done just now: the platform's store did not answer. Try again."};
  return {"unavailable_command", "That could not be done: " + error.what};
}

Order order_of(const Room& room, const By& by, SlashCommand& command) {
  std::string context = act_context(room, command.user);
  return {room.channel().id, by, std::move(command.user), std::move(command.text), std::move(context)};
}

}  // namespace sluice::chat
