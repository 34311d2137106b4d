#pragma once
// Link: a connection to Redis that is opened again whenever it breaks, after pauses that grow from 0.1 s, also when it is opened
// well and soon breaks again. Its trouble is logged, once for each kind.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/backoff.hpp"
#include "base/result.hpp"
#include "metrics/breaker.hpp"
#include "net/loop.hpp"
#include "redis/connection.hpp"

namespace sluice::redis {

class Link {
 public:
  struct Calls {
    std::function<void()> up;    // connected, logged in
    std::function<void()> down;  // what was asked for and not answered will not be
    std::function<void(const Error& why)> failed = {};  // each time that connecting fails, or the connection breaks; before down
    std::function<void(Reply)> pushed = {};             // see Connection::Setup
  };
  struct Habits {
    Backoff backoff{.first = milliseconds(100), .most = milliseconds(5000), .jitter_percent = 15};
    milliseconds patience{3000};  // see Connection::Setup
    std::string circuit{};        // that twitch_circuit_breaker_state is told of; empty: none
    bool logs = true;
  };
  Link(net::Loop& loop, Url url, Calls calls, Habits habits);
  ~Link();

  bool is_up() const { return connection_ != nullptr; }
  const std::string& trouble() const { return trouble_; }  // why it is not up
  // Only while it is up. When the connection breaks, answers that are due come as errors, then down().
  void command(std::vector<std::string> words, Connection::Answer answer, milliseconds patience = milliseconds(3000));
  void tell(const std::vector<std::string>& words) { connection_->tell(words); }  // only while it is up
  void give_up(const Error& why);  // only while it is up: it is of no use; as if it had broken
  std::size_t waiting() const { return connection_ ? connection_->waiting() : 0; }
  void close();  // for good; no call comes any more

 private:
  void connect();
  void lost(const Error& why);
  void show(metrics::Breaker state) const;

  net::Loop& loop_;
  Url url_;
  net::Resolver addresses_;
  net::Timer retry_;
  Calls calls_;
  Habits habits_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string trouble_ = "not connected yet";
  Steady up_since_{};
  unsigned failures_ = 0;  // in a row
  std::string told_;       // the trouble that the log has, while it is away
};

}  // namespace sluice::redis
