// rooms: base
// Load on chat: ROOMS × MEMBERS that hear, senders at a steady rate, and what arrived when. Every delivery is
// verified (nothing lost, nothing twice, in each sender's order); the servers' time and memory are read from
// /proc. As many processes as the limit on files asks for, each with a source address of its own. Prints one
// JSON object; exits with 1 when a delivery was missing or wrong. See tests/bench/chat_fanout.py.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.hpp"
#include "options.hpp"
#include "report.hpp"
#include "sockets.hpp"
#include "worker.hpp"

namespace {
using namespace chat_load;
constexpr int spare_files = 50;

// The parent's end of a worker.
struct Child {
  pid_t pid;
  int link;
};

template <class Value>
Value receive(int link) {
  Value value;
  if (::recv(link, &value, sizeof value, MSG_WAITALL) != static_cast<ssize_t>(sizeof value)) {
    errno = 0;
    die("a worker failed");
  }
  return value;
}

template <class Value>
void tell(int link, const Value& value) {
  if (::send(link, &value, sizeof value, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof value))
    die("tell the other side");
}

int processes(const Options& options) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const int each = static_cast<int>(files.rlim_cur) - spare_files;
  const int needed = (options.rooms * (options.members + options.senders) + each - 1) / each;
  return std::max(options.processes, needed);
}

Child start(const Options& options, int index, int of) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) die("a pair of sockets");
  const pid_t pid = ::fork();
  if (pid < 0) die("a process");
  if (pid > 0) {
    ::close(ends[1]);
    return {pid, ends[0]};
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close(ends[0]);
  Worker worker(options, index, of);
  tell(ends[1], worker.connect());
  receive<char>(ends[1]);  // all others are there
  tell(ends[1], worker.run());
  receive<char>(ends[1]);  // what closing costs the servers is not measured
  ::_exit(0);
}
}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Servers servers(options.servers);
  const int of = processes(options);
  Report report;
  report.processes = of;
  report.began_us = now_us();
  const double memory = servers.private_bytes();
  std::vector<Child> children;
  for (int i = 0; i < of; ++i) children.push_back(start(options, i, of));
  for (const Child& child : children) report.connections += receive<std::size_t>(child.link);
  report.connected_us = now_us();
  report.bytes_per_connection = (servers.private_bytes() - memory) / static_cast<double>(report.connections);
  const double used = servers.cpu_seconds();
  for (const Child& child : children) tell(child.link, 'g');
  for (const Child& child : children) report.add(receive<Outcome>(child.link));
  report.server_cpu_seconds = servers.cpu_seconds() - used;
  for (const Child& child : children) {
    tell(child.link, 'e');
    ::waitpid(child.pid, nullptr, 0);
  }
  report.print(options);
  return report.whole() ? 0 : 1;
}
