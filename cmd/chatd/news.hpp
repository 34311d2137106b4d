#pragma once
// News: what the platform's event log (sluice-events(5)) means to who is connected.
#include "chat/rooms.hpp"
#include "links.hpp"
#include "store/events.hpp"

namespace sluice::chatd {

class News {
 public:
  // Both outlive it.
  News(chat::Rooms& rooms, Links& links) : rooms_(rooms), links_(links) {}
  void take(const store::Event& event);

 private:
  chat::Rooms& rooms_;
  Links& links_;
};

}  // namespace sluice::chatd
