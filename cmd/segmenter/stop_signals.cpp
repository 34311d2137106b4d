#include "stop_signals.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "app/run.hpp"

namespace sluice::segmenter {

struct StopSignals::State {
  std::atomic<int> received{0};
  std::atomic<bool> leaving{false};
  std::mutex mutex;
  std::function<void()> stop;
};

namespace {
sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR2);  // wakes the thread when the program is done
  return set;
}
}  // namespace

StopSignals::StopSignals() : state_(new State) {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([state = state_, set] {
    for (int number = 0; sigwait(&set, &number) == 0 && !state->leaving;) {
      if (number == SIGUSR2) continue;
      if (state->received.exchange(number) != 0) ::_exit(app::exit_interrupted);
      const std::lock_guard lock(state->mutex);
      if (state->stop) state->stop();
    }
  });
}

StopSignals::~StopSignals() {
  state_->leaving = true;
  pthread_kill(thread_.native_handle(), SIGUSR2);
  thread_.join();
  delete state_;
}

void StopSignals::on_stop(std::function<void()> stop) {
  const std::lock_guard lock(state_->mutex);
  state_->stop = std::move(stop);
  if (state_->received != 0 && state_->stop) state_->stop();
}

int StopSignals::received() const {
  return state_->received;
}

}  // namespace sluice::segmenter
