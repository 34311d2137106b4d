#include "os/wait.hpp"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "os/spawn.hpp"

using namespace sluice;

namespace {

std::atomic<int> heard;

// A signal that is handled, every few milliseconds.
struct Knocking {
  struct sigaction before {};
  Knocking() {
    heard = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++heard; };
    action.sa_flags = SA_RESTART;  // as daemons have it; poll(2) does not restart all the same
    ::sigaction(SIGALRM, &action, &before);
    const itimerval rhythm{{0, 5'000}, {0, 5'000}};
    ::setitimer(ITIMER_REAL, &rhythm, nullptr);
  }
  ~Knocking() {
    const itimerval none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
  }
};

}  // namespace

TEST_CASE("signals end no wait, and make none longer") {
  const os::Pipe pipe = os::make_pipe().value();
  const Knocking knocking;
  const Steady began = system_clock().steady();
  CHECK_FALSE(os::readable_within(pipe.read.get(), milliseconds(100)));
  CHECK(system_clock().steady() - began >= milliseconds(100));
  CHECK(heard > 0);
  const int before = heard;
  ssize_t written = 0;  // Catch's assertions are for one thread
  std::thread writer([&] {
    while (heard < before + 3) std::this_thread::yield();
    written = ::write(pipe.write.get(), "x", 1);
  });
  CHECK(os::readable_within(pipe.read.get(), std::chrono::minutes(1)));
  writer.join();
  CHECK(written == 1);
  CHECK(heard >= before + 3);
  CHECK(os::readable_within(pipe.read.get(), milliseconds(0)));
}
