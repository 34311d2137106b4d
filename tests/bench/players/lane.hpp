#pragma once
// A lane: one keep-alive HTTP/1.1 connection of a player, one request at a time, later ones in a queue (media before playlists, as
// players rank them). Opens itself when it is needed, and again when the server has closed it between two requests, as browsers do.
#include <cerrno>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer_reader.hpp"

namespace players {

class Lane {
 public:
  // Status 0: the connection failed in the middle. The answer lives for the call.
  using Done = std::function<void(int status, const AnswerReader& answer)>;

  Lane(int epoll, const sockaddr_in& server, std::string_view host) : epoll_(epoll), server_(server), host_(host) {}
  Lane(const Lane&) = delete;
  ~Lane() { shut(); }

  enum class Rank { first, later };
  // `keep`: the body is wanted, not only its size.
  void ask(std::string target, bool keep, Rank rank, Done done) {
    Question question{std::move(target), keep, std::move(done)};
    if (rank == Rank::first) {
      auto at = queue_.begin();
      while (at != queue_.end() && !at->keep) ++at;
      queue_.insert(at, std::move(question));
    } else {
      queue_.push_back(std::move(question));
    }
    if (!busy_) next();
  }

  void on_ready() {
    static char buffer[256 * 1024];
    while (fd_ >= 0) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n <= 0) return closed(n == 0);
      reader_.feed({buffer, static_cast<std::size_t>(n)});
      if (reader_.done()) return answered();
      if (static_cast<std::size_t>(n) < sizeof buffer) return;
    }
  }

  std::uint64_t reopened() const { return reopened_; }
  bool busy() const { return busy_; }

 private:
  struct Question {
    std::string target;
    bool keep = false;
    Done done;
  };

  void next() {
    if (queue_.empty()) return;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    used_before_ = fd_ >= 0;
    send_current();
  }

  void send_current() {
    reader_.start(current_.keep);
    if (fd_ < 0 && !open()) return failed();
    request_.assign("GET ").append(current_.target).append(" HTTP/1.1\r\nHost: ").append(host_);
    request_ += "\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nOrigin: http://page.example\r\nReferer: http://page.example/\r\n"
                "User-Agent: hls_players (as hls.js)\r\n\r\n";
    const ssize_t n = ::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(request_.size())) closed(true);
  }

  bool open() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return false;
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) != 0) {
      shut();
      return false;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event wanted{EPOLLIN, {.ptr = this}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &wanted);
    return true;
  }

  void shut() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  void closed(bool gently) {
    shut();
    if (!busy_) return;
    if (gently && reader_.complete_at_close()) return answered();
    if (!used_before_ || !reader_.fresh()) return failed();
    used_before_ = false;  // closed while it was idle: once more on a new connection
    ++reopened_;
    send_current();
  }

  void answered() {
    if (reader_.closes()) shut();
    finish(reader_.status());
  }
  void failed() {
    shut();
    finish(0);
  }
  void finish(int status) {
    const Done done = std::move(current_.done);
    done(status, reader_);
    busy_ = false;
    next();
  }

  int epoll_;
  const sockaddr_in& server_;
  std::string_view host_;
  int fd_ = -1;
  bool busy_ = false, used_before_ = false;
  std::uint64_t reopened_ = 0;
  std::deque<Question> queue_;
  Question current_;
  AnswerReader reader_;
  std::string request_;
};

}  // namespace players
