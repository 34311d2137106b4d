#pragma once
// What a room's moderators are told of who may be avoiding a ban: on IRC, and as an object of the JSON
// protocol (sluice-chat(5)).
#include <optional>
#include <string>

#include "chat/irc_lines.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

struct Suspicion {
  std::string channel;
  User user, banned;
  std::string evaluation;  // "likely", "possible"
  std::string matched;     // "address", "fingerprint"
  bool held = false;       // what the user says waits for the moderators
  std::optional<User> cleared_by;
  Wall at;
};
void write_suspicion(std::string& out, const IrcStyle& style, const Suspicion& suspicion);  // NOTICE
void write_suspicion(std::string& out, const Suspicion& suspicion);

}  // namespace sluice::chat
