#pragma once
// Connection: one connection to a Redis server on a net::Loop. Commands may be sent without waiting (those of one turn of the loop
// leave in one write), their answers come in order. There is no policy here: a connection that breaks stays broken, and whoever
// wants another one opens it.
//
// Sockets are lib/net's: hiredis's own would block the loop in getaddrinfo(3), and those of 0.14 know no TLS.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/resolve.hpp"
#include "redis/reply.hpp"
#include "redis/url.hpp"

namespace sluice::redis {

// Errors: Errc::unavailable: no connection, it broke, or an answer did not come in time; Errc::denied: the server refuses us
// (password, ACL); Errc::invalid: it answered with an error, whose own words `what` begins with ("BUSYGROUP Consumer …").
class Connection {
 public:
  using Answer = std::function<void(Result<Reply>)>;
  struct Setup {
    Url url;
    milliseconds patience{3000};                // for the look-up; then for connecting and logging in, shared among the addresses
    std::function<void(const Error&)> broken;   // once, after it was opened; never after close()
    std::function<void(Reply)> pushed{};        // of a connection that subscribes: ["message", channel, text], ["subscribe", channel, count]…
  };
  // Connects, logs in, selects the database, at the first address of the host's that lets us. `addresses` are those of the URL's host.
  // `done` comes on the loop's thread, never at once.
  static void open(net::Loop& loop, net::Resolver& addresses, Setup setup, std::function<void(Result<std::shared_ptr<Connection>>)> done);
  ~Connection();

  // `answer` comes once, later, or never after close(). No answer within `patience` breaks the connection: those behind it
  // could not be told apart.
  void command(std::vector<std::string> words, Answer answer, milliseconds patience = milliseconds(3000));
  // SUBSCRIBE, UNSUBSCRIBE: what comes of it comes by `pushed`. From the first on the server takes no other commands.
  void tell(const std::vector<std::string>& words);
  std::size_t waiting() const;  // commands that have no answer yet
  void close();  // no call comes any more
  bool open() const;

 private:
  struct Impl;
  explicit Connection(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::redis
