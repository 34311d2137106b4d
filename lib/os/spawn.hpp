#pragma once
// Spawn: starts a shell command line in a process group of its own, over Boost.Process. The child gets exactly the
// descriptors it is given; signals are as a shell expects them (SIGPIPE kills, nothing is blocked). Its end is told by a
// pidfd, which a net::FdWatch can wait on.
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace sluice::os {

struct ShellCommand {
  std::string line;         // for /bin/sh -c
  int input = -1;           // borrowed; becomes standard input. -1: /dev/null
  int output = -1;          // borrowed; becomes standard output. -1: ours
  int errors = -1;          // borrowed; becomes standard error. -1: ours
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours, or replacing it
  pid_t group = 0;          // joins that process group, of another child of ours that has not been reaped; 0: one of its own
  int death_signal = 0;     // what the shell gets when the thread that spawned it dies (PR_SET_PDEATHSIG); 0: nothing
};

struct ExitStatus {
  int code = 0;             // of exit(), when signal is 0
  int signal = 0;           // that killed it
  bool good() const { return code == 0 && signal == 0; }
  std::string text() const;  // "exit 1", "killed by signal 9 (Killed)"
};

class Child {
 public:
  Child() = default;
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // kills the group with SIGKILL and reaps, unless it was reaped

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }        // also its process group, unless it joined one
  int pidfd() const { return pidfd_.get(); }  // readable when the shell has ended
  void signal_group(int signal);            // its whole process group: also reaches members that outlive the shell
  std::optional<ExitStatus> reap();         // nothing while it runs; the group is forgotten with it

 private:
  friend Result<Child> spawn(const ShellCommand& command);
  pid_t pid_ = 0, group_ = 0;
  UniqueFd pidfd_;
};

Result<Child> spawn(const ShellCommand& command);

// A pipe, both ends close-on-exec. `capacity` > 0 asks the kernel for that many bytes (F_SETPIPE_SZ), as far as it allows.
struct Pipe {
  UniqueFd read, write;
};
Result<Pipe> make_pipe(int capacity = 0);
Result<> set_nonblocking(int fd);

}  // namespace sluice::os
