#pragma once
#include <string>

namespace sluice::chat {

// What somebody is told who asked for something, or a room whose mode was changed. Clients of the dialect
// wait for the id (NOTICE's msg-id).
struct Notice {
  std::string id;
  std::string text;
  bool told_to_room = false;  // who is in the room hears it there
  // The room's setting that is as it was asked for: clients of the dialect wait for that, by its ROOMSTATE
  // tag.
  std::string setting{}, value{};
};

}  // namespace sluice::chat
