#include "chat/act_context.hpp"

#include <algorithm>

#include "chat/json_object.hpp"

namespace sluice::chat {

namespace {
constexpr std::size_t most_messages = 20;
}

std::string act_context(const Room& room, std::string_view login) {
  std::vector<MessagePtr> around = room.history().last(room.history().capacity());
  std::erase_if(around,
                [&](const MessagePtr& message) { return !login.empty() && message->author.login != login; });
  if (around.size() > most_messages) around.erase(around.begin(), around.end() - most_messages);

  std::string out;
  {
    JsonObject object(out);
    append_settings(object.member("settings"), room.settings());
    append_array(object.member("messages"), around, [&](const MessagePtr& message) {
      JsonObject(out)
          .text("id", message->id)
          .time("at", message->at)
          .text("login", message->author.login)
          .text("text", message->text);
    });
  }
  return out;
}

}  // namespace sluice::chat
