#include "os/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/posix.hpp>
#include <cerrno>

namespace sluice::os {

namespace bp = boost::process;

namespace {

// Runs in the child between fork and exec: async-signal-safe calls only.
struct InChild : bp::extend::handler {
  const ShellCommand& command;
  pid_t parent;
  InChild(const ShellCommand& c, pid_t p) : command(c), parent(p) {}

  template <class Executor>
  void on_exec_setup(Executor& executor) const {
    auto failed = [&](const char* what) { executor.set_error(std::error_code(errno, std::system_category()), what); };
    if (::setpgid(0, command.group) != 0) failed("setpgid");
    if (command.death_signal != 0) {
      if (::prctl(PR_SET_PDEATHSIG, command.death_signal) != 0) failed("prctl(PR_SET_PDEATHSIG)");
      if (::getppid() != parent) ::_exit(127);  // it died before we asked
    }
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // limit_handles (1.81) would allocate after fork and close standard streams it was not told of; marking is enough.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  }
};

// A copy above the standard streams: Boost.Process dup2()s one after another, so a source must not be a target.
Result<UniqueFd> above_standard(int fd, const char* fallback) {
  if (fd < 0 && fallback != nullptr) {
    const int opened = ::open(fallback, O_RDWR | O_CLOEXEC);
    if (opened < 0) return fail_errno(std::string("open ") + fallback);
    UniqueFd held(opened);
    if (opened > 2) return held;
    return above_standard(opened, nullptr);
  }
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return fail_errno("duplicate a descriptor");
  return UniqueFd(copy);
}

}  // namespace

Result<Child> spawn(const ShellCommand& command) {
  SLUICE_TRY_VALUE(const UniqueFd input, above_standard(command.input, "/dev/null"));
  SLUICE_TRY_VALUE(const UniqueFd output, above_standard(command.output < 0 ? STDOUT_FILENO : command.output, nullptr));
  SLUICE_TRY_VALUE(const UniqueFd errors, above_standard(command.errors < 0 ? STDERR_FILENO : command.errors, nullptr));
  bp::environment environment = boost::this_process::environment();
  for (const auto& [name, value] : command.environment) environment[name] = value;

  std::error_code error;
  bp::child child(bp::exe = "/bin/sh", bp::args = {"-c", command.line}, environment,
                  bp::posix::fd.bind(STDIN_FILENO, input.get()), bp::posix::fd.bind(STDOUT_FILENO, output.get()),
                  bp::posix::fd.bind(STDERR_FILENO, errors.get()), InChild(command, ::getpid()), error);
  if (error) return fail_errno(error.value(), "start " + command.line);
  Child started;
  started.pid_ = child.id();
  started.group_ = command.group != 0 ? command.group : started.pid_;
  child.detach();  // its own wait is not used: it would reap other children
  const long pidfd = ::syscall(SYS_pidfd_open, started.pid_, 0);
  if (pidfd < 0) return fail_errno("pidfd_open of " + command.line);
  started.pidfd_.reset(static_cast<int>(pidfd));
  return started;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), group_(other.group_), pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(group_, other.group_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

Child::~Child() {
  if (pid_ <= 0) return;
  signal_group(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::signal_group(int signal) {
  if (pid_ > 0) ::kill(-group_, signal);
}

std::optional<ExitStatus> Child::reap() {
  if (pid_ <= 0) return std::nullopt;
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return std::nullopt;
  pid_ = 0;
  pidfd_.reset();
  ExitStatus out;
  if (reaped > 0 && WIFEXITED(status)) out.code = WEXITSTATUS(status);
  if (reaped > 0 && WIFSIGNALED(status)) out.signal = WTERMSIG(status);
  return out;
}

std::string ExitStatus::text() const {
  if (signal == 0) return "exit " + std::to_string(code);
  return "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

Result<Pipe> make_pipe(int capacity) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (capacity > 0) ::fcntl(made.write.get(), F_SETPIPE_SZ, capacity);
  return made;
}

Result<> set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return fail_errno("make a descriptor non-blocking");
  return {};
}

}  // namespace sluice::os
