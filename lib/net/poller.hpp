#pragma once
// Inside lib/net only. Poller: readiness of many sockets with one epoll registration each for as long as they live (edge-triggered,
// epoll(7)); Asio, which changes a registration for every wait, watches the one descriptor behind them all.
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "os/unique_fd.hpp"

struct epoll_event;

namespace sluice::net {

class Poller {
 public:
  // Told once for each edge: read until there is no more, and write what waits. `ended`: the peer has closed its side, or all of
  // it; nothing more will be told of that.
  class Source {
   public:
    virtual void ready(bool readable, bool writable, bool ended) = 0;

   protected:
    ~Source() = default;
  };

  explicit Poller(boost::asio::io_context& context);
  ~Poller();

  // The descriptor and the source are borrowed until remove(), which any source's ready() may call for any source.
  Result<> add(int fd, Source& source);
  void remove(int fd, Source& source);

  void coalesce(std::chrono::milliseconds interval);  // see Loop; not from inside ready()

 private:
  void arm();
  void woken();
  void pause(std::chrono::steady_clock::time_point until);
  std::size_t tell();  // how many

  os::UniqueFd epoll_;
  boost::asio::posix::stream_descriptor watched_;
  boost::asio::steady_timer waiting_;
  std::chrono::milliseconds interval_{};
  std::chrono::steady_clock::time_point told_{};  // when the last batch was
  std::span<epoll_event> telling_;  // of the batch in hand: what has not been told
};

}  // namespace sluice::net
