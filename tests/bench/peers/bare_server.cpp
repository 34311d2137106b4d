// rooms: base os
// The least that a chat server does, as the physical limit beside ours: an epoll loop, rooms, and one send()
// of the line's bytes for each member and line; with a tick, one send() for each member and tick. No
// protocol, no limits, no history.  `JOIN ROOM` → `joined`; `SAY ROOM TEXT` → TEXT and a newline to every
// member of the room, here and at the servers of the other ports, which are told by `HEARD ROOM TEXT`.
//   bare_server PORT [TICK_MS [OTHER_PORT ...]]
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/unique_fd.hpp"

namespace {
using Clock = std::chrono::steady_clock;
using sluice::os::UniqueFd;

struct Room {
  std::vector<int> members;
  std::string said;  // since the last tick
};

class Server {
 public:
  Server(int port, std::chrono::milliseconds tick, std::vector<int> others)
      : tick_(tick), other_ports_(std::move(others)), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    listening_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_in at = loopback(port);
    const int on = 1;
    ::setsockopt(listening_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(listening_.get(), 4096) != 0) {
      std::perror("bare_server: listen");
      std::exit(1);
    }
    watch(listening_.get());
  }

  void run() {
    for (;;) {
      epoll_event ready[256];
      const int count = ::epoll_wait(poll_.get(), ready, 256, due_ ? 1 : -1);
      for (int i = 0; i < count; ++i) {
        if (ready[i].data.fd == listening_.get()) {
          accept_all();
        } else {
          read(ready[i].data.fd);
        }
      }
      if (due_ && Clock::now() >= *due_) flush();
    }
  }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;
         watch(fd)) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
  }

  void read(int fd) {
    char buffer[65536];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return close(fd);
    std::string& held = held_[fd];
    held.append(buffer, static_cast<std::size_t>(n));
    std::size_t at = 0;
    for (std::size_t end; (end = held.find('\n', at)) != std::string::npos; at = end + 1)
      take(fd, std::string_view(held).substr(at, end - at));
    held.erase(0, at);
    if (held.empty()) held_.erase(fd);
  }

  void take(int fd, std::string_view line) {
    const bool heard = line.starts_with("HEARD ");
    const std::size_t name = heard ? 6 : 4;
    const std::size_t space = line.find(' ', name);
    if (line.starts_with("JOIN ")) {
      rooms_[std::string(line.substr(5))].members.push_back(fd);
      put(fd, "joined\n");
    } else if ((heard || line.starts_with("SAY ")) && space != std::string_view::npos) {
      if (!heard) hand_on("HEARD" + std::string(line.substr(3)) + "\n");
      Room& room = rooms_[std::string(line.substr(name, space - name))];
      room.said.append(line.substr(space + 1)).push_back('\n');
      if (tick_.count() == 0) return tell(room);
      if (!due_) due_ = Clock::now() + tick_;
    }
  }

  void hand_on(const std::string& line) {
    if (others_.empty()) {
      for (const int port : other_ports_) {
        const sockaddr_in at = loopback(port);
        others_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(others_.back().get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
          std::perror("bare_server: connect");
          std::exit(1);
        }
        const int on = 1;
        ::setsockopt(others_.back().get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
    }
    for (const UniqueFd& other : others_) put(other.get(), line);
  }

  void tell(Room& room) {
    for (const int member : room.members) put(member, room.said);
    room.said.clear();
  }

  void flush() {
    due_.reset();
    for (auto& [name, room] : rooms_)
      if (!room.said.empty()) tell(room);
  }

  // What a socket does not take is lost, which the load sees: a measurement that it shows is none.
  static void put(int fd, std::string_view bytes) { ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  void close(int fd) {
    for (auto& [name, room] : rooms_) std::erase(room.members, fd);
    held_.erase(fd);
    ::close(fd);
  }

  const std::chrono::milliseconds tick_;
  const std::vector<int> other_ports_;
  std::vector<UniqueFd> others_;  // from the first line on that is said here
  UniqueFd poll_, listening_;
  std::map<std::string, Room> rooms_;
  std::unordered_map<int, std::string> held_;  // lines begun
  std::optional<Clock::time_point> due_;
};
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::vector<int> others;
  for (int i = 3; i < argc; ++i) others.push_back(std::atoi(argv[i]));
  Server(std::atoi(argv[1]), std::chrono::milliseconds(argc > 2 ? std::atoi(argv[2]) : 0), others).run();
}
