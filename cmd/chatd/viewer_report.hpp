#pragma once
// ViewerReport: tells the store every 10 s how many of this node watch each live stream, and finds out in
// doing so whether the store is well.
#include <map>
#include <string>

#include "app/daemon.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class ViewerReport {
 public:
  // All outlive it. `node`: which of several counts.
  ViewerReport(net::Loop& loop, net::Offload& offload, store::Store& store, const chat::Rooms& rooms,
               std::string node);

  void begin();
  const app::Health& store_health() const { return health_; }

 private:
  void report();
  Result<> tell(const std::map<std::string, std::int64_t>& viewers);

  net::Offload& offload_;
  store::Store& store_;
  const chat::Rooms& rooms_;
  std::string node_;
  Clock& clock_ = system_clock();
  app::Health health_{"store", true, 0, {}};
  net::Timer rhythm_;
};

}  // namespace sluice::chatd
