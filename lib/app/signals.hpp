#pragma once
// Signals arrive on the loop as calls. Handlers, not a mask, so that children start with nothing blocked.
#include <functional>
#include <memory>

#include "net/loop.hpp"
#include "os/unique_fd.hpp"

namespace sluice::app {

class Signals {
 public:
  Signals(net::Loop& loop, std::function<void(int)> on_signal);  // SIGTERM, SIGINT, SIGHUP; one object a process
  ~Signals();

 private:
  os::UniqueFd read_end_, write_end_;
  std::unique_ptr<net::FdWatch> watch_;
};

}  // namespace sluice::app
