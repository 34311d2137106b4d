#pragma once
// Past: what a node makes of the chat history when it starts, before anybody is connected and while the
// archive is still this thread's. Everything here blocks.
#include <vector>

#include "chat/message_path.hpp"
#include "chat/rooms.hpp"
#include "chatlog/archive.hpp"
#include "chatlog/room_past.hpp"
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
  // Repeats are known of all that had a key in the last minutes. With `others`, rooms open in which something
  // was said of late: other nodes may lack it. The rest opens when somebody comes.
  Result<> restore(bool others);
  // Of what catch_up() returned, what this node took and had not said: it is said, and in the archive.
  Result<std::vector<chat::MessagePtr>> say_approved(const std::vector<store::Event>& approvals);

 private:
  Result<chat::Room*> open(const store::Channel& channel);

  Parts parts_;
};

// Gives an open room what its archive holds; also late, when somebody is there.
void fill(chat::Room& room, chat::MessagePath& path, const chatlog::RoomPast& past);

}  // namespace sluice::chatd
