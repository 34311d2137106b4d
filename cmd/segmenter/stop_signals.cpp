#include "stop_signals.hpp"

#include <atomic>

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/run.hpp"
#include "os/unique_fd.hpp"

namespace sluice::segmenter {

struct StopSignals::State {
  std::atomic<int> received{0};
  std::atomic<bool> leaving{false};
  os::UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
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
    for (int number = 0; sigwait(&set, &number) == 0;) {
      if (number != SIGUSR2) {
        if (state->received.exchange(number) != 0) ::_exit(app::exit_interrupted);
        ::eventfd_write(state->stop.get(), 1);
      } else if (state->leaving) {
        return;
      }
    }
  });
}

StopSignals::~StopSignals() {
  leave();
  delete state_;
}

int StopSignals::leave() {
  if (thread_.joinable()) {
    state_->leaving = true;
    pthread_kill(thread_.native_handle(), SIGUSR2);
    thread_.join();
    const sigset_t set = stop_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  return received();
}

int StopSignals::fd() const {
  return state_->stop.get();
}

int StopSignals::received() const {
  return state_->received;
}

}  // namespace sluice::segmenter
