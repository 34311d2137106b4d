#include "chat/moderation_answers.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/utf8.hpp"
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

std::string first_code_points(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t n = 0; n < most && end < text.size(); ++n)
    end += std::max<std::size_t>(1, utf8_length(text[end]));
  return end < text.size() ? std::string(text.substr(0, end)) + "…" : std::string(text);
}

std::string as_many_as_fit(const std::vector<std::string>& list) {
  constexpr std::size_t most = 350, most_of_one = 150;  // code points
  std::string told;
  std::size_t length = 0, count = 0;
  for (const std::string& each : list) {
    const std::string shown = first_code_points(each, most_of_one);
    length += code_point_count(shown) + 3;
    if (length > most) break;
    told.append(told.empty() ? "" : " | ").append(shown);
    ++count;
  }
  if (count < list.size()) told += " | and " + std::to_string(list.size() - count) + " more";
  return told;
}

std::string day_of(Wall at) {
  return format_rfc3339(at).substr(0, 10);
}

}  // namespace sluice::chat
