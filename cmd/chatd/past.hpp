#pragma once
// Past: what a node makes of the chat history when it starts, before anybody is connected and while the
// archive is still this thread's. Everything here blocks.
#include <vector>

#include "chat/message_path.hpp"
#include "chat/rooms.hpp"
#include "chatlog/archive.hpp"
#include "held_queue.hpp"
#include "progress.hpp"
#include "store/store.hpp"
#include "store_till.hpp"

namespace sluice::chatd {

class Past {
 public:
  struct Parts {
    store::Store& store;
    chatlog::Archive& archive;
    chat::Rooms& rooms;
    chat::MessagePath& path;
    StoreTill& till;
    HeldQueue& held;
    Progress& progress;
  };
  explicit Past(Parts parts) : parts_(parts) {}

  // What moderators did up to `begun` while nobody was here to hear of it: what they took off goes, cheers
  // that were not said are the till's, what they let pass is returned. The archive's cursor stays, until that
  // is in it.
  Result<std::vector<store::Event>> catch_up(store::Cursor begun);
  // What was said comes back into the rooms, and repeats are known: of the rooms' last lines, and of all that
  // had a key in the last minutes, which in a busy room are many more.
  Result<> restore();
  // Of what catch_up() returned, what this node took and had not said: it is said, and in the archive.
  Result<std::vector<chat::MessagePtr>> say_approved(const std::vector<store::Event>& approvals);

 private:
  Result<> restore(const store::Channel& channel);

  Parts parts_;
};

}  // namespace sluice::chatd
