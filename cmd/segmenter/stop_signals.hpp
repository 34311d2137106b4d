#pragma once
// SIGTERM and SIGINT end the input early: what has been read is written, then the program exits. A second one
// stops at once.
#include <thread>

namespace sluice::segmenter {

class StopSignals {
 public:
  StopSignals();  // blocks both signals: before any other thread starts
  ~StopSignals();
  int fd() const;  // readable from the first one on
  // Takes no more of them: one that comes from now on ends the program at once. The first one's number, 0 for none.
  int leave();
  int received() const;

 private:
  struct State;
  State* state_;
  std::thread thread_;
};

}  // namespace sluice::segmenter
