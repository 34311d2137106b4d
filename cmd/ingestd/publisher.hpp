#pragma once
// Publisher: one RTMP connection. It owns the socket and the session; once accepted it feeds its stream, and lives no
// longer than either. Until then it is a stranger with little room and time.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "flv_intake.hpp"
#include "net/tcp.hpp"
#include "options.hpp"
#include "rtmp/session.hpp"

namespace sluice::ingestd {

class Stream;

class Publisher final : public net::Connection::Handler, public std::enable_shared_from_this<Publisher> {
 public:
  struct Door {
    // Who asked to publish: answer with accept() or refuse(), now or later.
    std::function<void(std::shared_ptr<Publisher>, std::string key)> asked;
    std::function<void(Publisher&)> closed;
  };

  Publisher(net::Loop& loop, const Limits& limits, Door door);
  void start(os::UniqueFd socket);

  void accept(std::shared_ptr<Stream> stream);
  void refuse(std::string_view code, const std::string& reason);
  // Ends it, whatever it is doing: the peer is told why. Its stream must have been told by the caller.
  void drop(const std::string& reason);
  // Asks it to come back to another process, or closes the connection. The stream waits for it.
  void move_on();

  Steady last_heard() const { return last_heard_; }
  Wall since() const { return since_; }
  bool closed() const { return closed_; }
  std::string address() const;   // host:port
  std::string host() const;
  const std::string& program() const { return program_; }  // what it says it is

  void on_data(ByteView bytes) override;
  void on_closed(const Error& why) override;

 private:
  void process();
  void handle(rtmp::ConnectRequest& request);
  void handle(rtmp::PublishRequest& request);
  void handle(rtmp::MediaMessage& message);
  void handle(rtmp::DataMessage& message);
  void handle(rtmp::Unpublished& unpublished);
  void handle(rtmp::Notice& notice);
  void handle(rtmp::Failed& failed);
  void push();          // sends what the session has to say; closes when it is finished
  void watch_deadline();
  bool within_bitrate(std::size_t bytes);
  void leave(bool goodbye);

  net::Loop& loop_;
  const Limits& limits_;
  Door door_;
  std::shared_ptr<net::Connection> connection_;
  rtmp::ServerSession session_;
  net::Timer deadline_;
  std::shared_ptr<Stream> stream_;
  std::optional<FlvIntake> intake_;
  Steady last_heard_;
  Wall since_;
  std::string program_;
  Steady window_began_;
  std::uint64_t window_bytes_ = 0;
  unsigned broken_messages_ = 0;
  bool closed_ = false, paused_ = false;
};

}  // namespace sluice::ingestd
