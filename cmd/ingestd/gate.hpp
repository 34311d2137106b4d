#pragma once
// Gate: shut while this process comes to rest for a handover and until it is settled whose the streams are. What would begin or end something
// meanwhile waits before it, in the order it came.
#include <functional>
#include <utility>
#include <vector>

namespace sluice::ingestd {

class Gate {
 public:
  bool shut() const { return shut_; }
  void close() { shut_ = true; }
  // Whether it is shut; then `ask` is called when it opens.
  bool holds(std::function<void()> ask) {
    if (shut_) waiting_.push_back(std::move(ask));
    return shut_;
  }
  void open() {
    shut_ = false;
    for (const auto& ask : std::exchange(waiting_, {})) ask();
  }

 private:
  bool shut_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace sluice::ingestd
