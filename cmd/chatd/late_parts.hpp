#pragma once
// What those need that say a message later than it was written: a moderator has let it pass (HeldQueue), or
// its payment came from elsewhere (StoreTill).
#include "chat/directory.hpp"
#include "chat/message_path.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "progress.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

struct LateParts {
  store::Store& store;
  net::Offload& offload;
  chat::Rooms& rooms;
  chat::MessagePath& path;
  chat::Directory& directory;
  Progress& progress;
};

}  // namespace sluice::chatd
