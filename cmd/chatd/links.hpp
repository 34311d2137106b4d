#pragma once
// Links: the connections of clients. A link is a socket's handler on one side and a chat client's outlet on
// the other: TCP carries IRC lines, WebSocket carries IRC or JSON in frames. Each has a bounded queue and
// signs of life.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/client.hpp"
#include "http/websocket.hpp"
#include "net/tcp.hpp"

namespace sluice::chatd {

struct LinkLimits {
  std::size_t queue_bytes = 256 * 1024;
  milliseconds login_time{30'000};
  milliseconds irc_ping{300'000};
};

class Link;

bool is_loopback(const std::string& host);

// All links of the daemon, by kind and address.
class Links {
 public:
  Links(chat::Hall& hall, LinkLimits limits, std::size_t total, std::size_t per_address)
      : hall_(hall), limits_(limits), total_(total), per_address_(per_address) {}

  void change(LinkLimits limits, std::size_t total,
              std::size_t per_address);  // none that are open are closed
  // Beyond the limits on connections, of which loopback has only the total one: in a sentence. Nothing: it is
  // admitted.
  std::optional<std::string_view> refusal(const net::Endpoint& peer) const;
  void add(std::shared_ptr<Link> link);
  void remove(Link& link);
  void sweep(Steady now);        // every few seconds: keep-alive, logins that never came, closings that hang
  void restart(seconds within);  // every client is told to come back, and closed
  // Those who logged in with the token are told that it is good no longer, and closed. How many there were.
  std::size_t revoke(chat::TokenId token);
  std::size_t per_address() const { return per_address_; }
  std::size_t size() const { return links_.size(); }
  std::size_t web_sockets() const { return web_sockets_; }

  chat::Hall& hall() { return hall_; }
  const LinkLimits& limits() const { return limits_; }
  std::function<void()> on_slow;     // a slow reader was dropped
  std::function<void()> on_refused;  // by refusal(), who was told so
  std::function<void()> on_empty;    // the last link has gone

 private:
  chat::Hall& hall_;
  LinkLimits limits_;
  std::size_t total_, per_address_;
  std::size_t web_sockets_ = 0;
  std::unordered_map<Link*, std::shared_ptr<Link>> links_;
  std::unordered_map<std::string, std::size_t> addresses_;  // connections, by platform::counted_as()
};

class Link : public net::Connection::Handler, public chat::Outlet, public std::enable_shared_from_this<Link> {
 public:
  Link(Links& links, std::shared_ptr<net::Connection> connection);

  void deliver(const SharedBytes& bytes) final;
  int begin_write() final;
  void deliver_rest(const SharedBytes& bytes, std::size_t written) final;
  void on_closed(const Error& why) final;

  std::string address() const override;
  virtual void sweep(Steady now);
  void restart(seconds within);
  bool revoke(chat::TokenId token);  // false: it logged in with another, or with none
  const net::Endpoint& peer() const { return connection_->peer(); }

 protected:
  void heard() { last_heard_ = links_.hall().clock.steady(); }
  bool closing() const { return closing_since_ != Steady{}; }
  void write(Bytes bytes);                  // past the queue's bound: for answers and farewells
  void hang_up();                           // after what is queued
  void drop_if_slow();                      // whose queue is longer than it may be
  bool waits_more_than(std::size_t limit);  // after the socket was given what it takes
  virtual void say_farewell(chat::Farewell, std::string_view) {}
  virtual milliseconds patience() const = 0;  // silence after which the connection is dead

  Links& links_;
  std::shared_ptr<net::Connection> connection_;
  Steady closing_since_{};  // beside what else each delivery looks at
  std::shared_ptr<chat::Client> client_;
  Steady opened_, last_heard_, last_ping_;

 public:
  void close(chat::Farewell farewell, std::string_view why) final;
};

// IRC over TCP, and over TLS.
class TcpLink final : public Link {
 public:
  static void open(Links& links, net::Loop& loop, os::UniqueFd fd, const net::TlsContext* tls);
  explicit TcpLink(Links& links) : Link(links, nullptr) {}

  void on_data(ByteView bytes) override;
  void send(std::string_view text) override;
  bool framed() const override { return false; }

 private:
  milliseconds patience() const override { return links_.limits().irc_ping + seconds(60); }
};

// WebSocket. Which protocol it speaks is said by the path or the subprotocol, or shown by the first message.
class WsLink final : public Link, private http::FrameParser::Handler {
 public:
  enum class Speaks { json, irc, unknown };
  // `deflate`: permessage-deflate was agreed on. `forwarded`: for whom a proxy speaks; empty: for nobody.
  static std::shared_ptr<WsLink> open(Links& links, std::shared_ptr<net::Connection> connection,
                                      Speaks speaks, bool deflate, std::string forwarded);
  WsLink(Links& links, std::shared_ptr<net::Connection> connection, bool deflate, std::string forwarded);

  void on_data(ByteView bytes) override;
  void send(std::string_view text) override;
  std::string address() const override;
  bool framed() const override { return true; }
  bool deflated() const override { return parser_.limits().deflate; }
  void sweep(Steady now) override;

 private:
  void speak(Speaks speaks);
  void on_text(std::string_view message) override;
  void on_binary(ByteView message) override;
  void on_ping(ByteView payload) override;
  void on_pong(ByteView) override {}
  void on_close(std::uint16_t code, std::string_view reason) override;
  void say_farewell(chat::Farewell farewell, std::string_view why) override;
  milliseconds patience() const override { return seconds(75); }

  http::FrameParser parser_;
  std::string forwarded_;  // the address behind a proxy that is believed; empty: the peer's own counts
  Steady last_frame_ping_{};
};

}  // namespace sluice::chatd
