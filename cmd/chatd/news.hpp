#pragma once
// News: what the platform's event log (sluice-events(5)) means to who is connected.
#include <unordered_map>

#include "archivist.hpp"
#include "chat/rooms.hpp"
#include "links.hpp"
#include "store/events.hpp"

namespace sluice::chatd {

class News {
 public:
  // Both outlive it.
  News(chat::Rooms& rooms, Links& links) : rooms_(rooms), links_(links) {}
  void take(const store::Event& event);
  void look_in(Archivist& archivist) { archivist_ = &archivist; }  // for what was said long ago
  // The channel's newest event so far of those that change a room's standing; 0: none since the start. What
  // was read of the store before it is out of date.
  store::Cursor last_of(ChannelId channel) const;

 private:
  void remove_old(const store::Event& event, const std::string& id);
  void take_suspicion(const store::Event& event, const chat::Room* open) const;

  chat::Rooms& rooms_;
  Links& links_;
  Archivist* archivist_ = nullptr;
  std::unordered_map<ChannelId, store::Cursor> last_;
};

}  // namespace sluice::chatd
