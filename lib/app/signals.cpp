#include "app/signals.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace sluice::app {

namespace {
std::atomic<int> signal_pipe = -1;

void remember(int number) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  [[maybe_unused]] const ssize_t n = ::write(signal_pipe, &byte, 1);  // a full pipe already tells
  errno = saved;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}
}  // namespace

Signals::Signals(net::Loop& loop, std::function<void(int)> on_signal) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  signal_pipe = write_end_.get();
  watch_ = std::make_unique<net::FdWatch>(loop, read_end_.get());
  watch_->on_readable([fd = read_end_.get(), on_signal = std::move(on_signal)] {
    char numbers[16];
    const ssize_t n = ::read(fd, numbers, sizeof numbers);
    for (ssize_t i = 0; i < n; ++i) on_signal(numbers[i]);
  });
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) handle(number, remember);
}

Signals::~Signals() {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) handle(number, SIG_DFL);
  signal_pipe = -1;
}

}  // namespace sluice::app
