#pragma once
// Inside lib/srt only: a session between libsrt's poll and the loop.
#include <srt/srt.h>

#include <mutex>

#include "srt/server.hpp"

namespace sluice::srt {

// What the serving thread does for others, woken at once.
class Errands {
 public:
  virtual ~Errands() = default;
  virtual void resume(SRTSOCKET socket) = 0;
  virtual void close(SRTSOCKET socket) = 0;
};

class PolledSession final : public Session, public std::enable_shared_from_this<PolledSession> {
 public:
  PolledSession(net::Loop& loop, std::shared_ptr<Errands> errands, SRTSOCKET socket, net::Endpoint peer, std::shared_ptr<const void> guest);

  // ---- the serving thread
  bool read();                 // false: it is not to be polled until resumed
  void broken(Error why);
  SRTSOCKET socket() const { return socket_; }

  // ---- the loop's thread
  void start(std::shared_ptr<Handler> handler) override;
  void close() override;
  const net::Endpoint& peer() const override { return peer_; }
  const std::shared_ptr<const void>& guest() const override { return guest_; }
  std::string peer_version() const override { return peer_version_; }

 private:
  void hand_over();  // locked: asks the loop to deliver()
  void deliver();

  net::Loop& loop_;
  std::shared_ptr<Errands> errands_;
  const SRTSOCKET socket_;
  const net::Endpoint peer_;
  const std::shared_ptr<const void> guest_;
  std::string peer_version_;
  std::shared_ptr<Handler> handler_;  // the loop's
  bool closed_ = false;               // the loop's

  std::mutex mutex_;  // of what follows
  Bytes incoming_;
  bool asked_ = false;                // deliver() is on its way
  bool full_ = false;                 // not polled until it is emptied
  std::optional<Error> broken_;
};

Error last_error(std::string_view what);

}  // namespace sluice::srt
