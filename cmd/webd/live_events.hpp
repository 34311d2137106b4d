#pragma once
// LiveEvents: server-sent events (HTML standard 9.2) for pages: stream.online, stream.offline, channel.update. Each has the
// event log's cursor as its id; a page that comes back with Last-Event-ID gets what it missed, or "reset" when that is no
// longer known here (it then reads the state anew).
#include <deque>
#include <list>
#include <string>

#include "http/server.hpp"
#include "net/loop.hpp"
#include "store/events.hpp"

namespace sluice::webd {

class LiveEvents {
 public:
  LiveEvents(net::Loop& loop, store::Cursor start);

  void publish(const store::Event& event);  // from the follower; what is not for the public is passed over
  void subscribe(const http::Request& request, const http::Responder& responder);
  void end_all();                            // draining
  std::size_t subscribers() const { return subscribers_.size(); }

 private:
  struct Subscriber {
    http::Responder responder;
    std::int64_t channel;  // 0: all
  };
  struct Rendered {
    std::int64_t cursor;
    std::int64_t channel;
    SharedBytes bytes;
  };
  void send(const SharedBytes& bytes, std::int64_t channel);

  std::list<Subscriber> subscribers_;
  std::deque<Rendered> recent_;
  std::int64_t known_after_;  // events after this cursor are all in recent_
  net::Timer rhythm_;
};

}  // namespace sluice::webd
