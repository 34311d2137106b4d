#pragma once
// Slash commands that are about oneself, or about another user, and no room: /color and /w. Clients send them
// to whatever channel, also to one that does not exist.
#include "chat/client.hpp"

namespace sluice::chat {

inline constexpr std::string_view whisper_sent = "whisper_sent";  // the answer that IRC clients do not have

bool is_personal(Act act);
// The answer comes at once or when the store has answered.
void carry_out_personal(Hall& hall, const By& by, SlashCommand command, Moderation::Answer answer);

}  // namespace sluice::chat
