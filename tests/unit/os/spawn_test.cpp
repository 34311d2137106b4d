#include "os/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/bytes.hpp"
#include "os/file.hpp"
#include "unit/os/read_to_end.hpp"

using namespace sluice;
using os::test::read_to_end;
using os::spawn;

namespace {

os::ExitStatus wait_for(os::Child& child) {
  pollfd end{child.pidfd(), POLLIN, 0};
  REQUIRE(::poll(&end, 1, 10'000) == 1);
  const auto status = child.reap();
  REQUIRE(status);
  CHECK_FALSE(child.running());
  return *status;
}

struct Run {
  std::string output;
  os::ExitStatus status;
};
Run run(os::ShellCommand command) {
  auto pipe = os::make_pipe();
  REQUIRE(pipe);
  command.output = pipe->write.get();
  auto child = spawn(command);
  REQUIRE(child);
  pipe->write.reset();
  Run result;
  result.output = read_to_end(pipe->read.get());
  result.status = wait_for(*child);
  return result;
}

}  // namespace

TEST_CASE("a command gets its input, environment and exit code") {
  auto input = os::make_pipe();
  REQUIRE(os::write_all(input->write.get(), as_bytes("one\ntwo\n")));
  input->write.reset();
  os::ShellCommand command{.line = "cat; echo \"$STREAM\"; exit 3", .input = input->read.get()};
  command.environment = {{"STREAM", "s 1"}};
  const Run result = run(command);
  CHECK(result.output == "one\ntwo\ns 1\n");
  CHECK(result.status.code == 3);
  CHECK(result.status.text() == "exit 3");
}

TEST_CASE("without an input there is nothing to read") { CHECK(run({.line = "cat; echo end"}).output == "end\n"); }

TEST_CASE("standard error can be redirected, also to the same place as standard output") {
  auto pipe = os::make_pipe();
  auto child = spawn({.line = "echo out; echo err >&2", .output = pipe->write.get(), .errors = pipe->write.get()});
  pipe->write.reset();
  CHECK(read_to_end(pipe->read.get()) == "out\nerr\n");
  wait_for(*child);
}

TEST_CASE("a command inherits no descriptor but the three standard ones") {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  REQUIRE(leaky > 2);
  const Run result = run({.line = "for f in /proc/self/fd/*; do n=${f##*/}; [ -e /proc/$$/fd/$n ] && echo $n; done"});
  ::close(leaky);
  CHECK(result.output == "0\n1\n2\n");
}

TEST_CASE("signals are as a shell expects them") {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t mask, before;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &mask, &before);
  // 32 and 33 are glibc's own: some runtimes leave one of them or both blocked, and nobody can tell.
  const Run result = run({.line = "grep -E '^Sig(Blk|Ign)' /proc/self/status | while read -r name mask; do echo $((0x$mask & ~0x180000000)); done | sort -u"});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  CHECK(result.output == "0\n");
}

TEST_CASE("a process group of its own: killing it kills every member of a pipeline") {
  auto pipe = os::make_pipe();
  auto child = spawn({.line = "sleep 1000 | (echo ready; sleep 1000)", .output = pipe->write.get()});
  pipe->write.reset();
  char byte = 0;
  REQUIRE(::read(pipe->read.get(), &byte, 1) == 1);
  CHECK(::getpgid(child->pid()) == child->pid());
  child->signal_group(SIGKILL);
  CHECK(wait_for(*child).signal == SIGKILL);
  CHECK(read_to_end(pipe->read.get()) == "eady\n");  // and so the last holder of the pipe is gone
}

TEST_CASE("a child that nobody waited for is killed and reaped with its owner") {
  pid_t pid = 0;
  {
    auto child = spawn({.line = "sleep 1000"});
    pid = child->pid();
  }
  CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
  CHECK(::kill(pid, 0) == -1);
}

TEST_CASE("the death signal is set before the shell starts") {
  const Run result = run({.line = "kill -0 $PPID && echo alive", .death_signal = SIGTERM});
  CHECK(result.output == "alive\n");
}

TEST_CASE("two hundred children leave no descriptor behind") {
  auto count = [] {
    int open = 0;
    for (int fd = 0; fd < 256; ++fd) open += ::fcntl(fd, F_GETFD) >= 0;
    return open;
  };
  const int before = count();
  for (int i = 0; i < 200; ++i) {
    auto child = spawn({.line = ":"});
    REQUIRE(child);
    wait_for(*child);
  }
  CHECK(count() == before);
}
