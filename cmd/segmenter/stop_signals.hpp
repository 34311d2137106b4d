#pragma once
// SIGTERM and SIGINT end the input early: what has been read is written, then the program exits. A second one
// stops at once.
#include <functional>
#include <thread>

namespace sluice::segmenter {

class StopSignals {
 public:
  StopSignals();  // blocks both signals: before any other thread starts
  ~StopSignals();
  void on_stop(std::function<void()> stop);  // once; called on another thread
  int received() const;                      // the first signal's number, 0 for none

 private:
  struct State;
  State* state_;
  std::thread thread_;
};

}  // namespace sluice::segmenter
