#pragma once
// RedisLink: a connection to Redis that is opened again whenever it breaks, after pauses that grow from 0.1 s to 5 s, also when it is opened
// well and soon breaks again.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "net/loop.hpp"
#include "redis/connection.hpp"

namespace sluice::transcode {

class RedisLink {
 public:
  struct Calls {
    std::function<void()> up;    // connected, logged in
    std::function<void()> down;  // what was asked for and not answered will not be
    std::function<void(const Error& why)> failed = {};  // each time that connecting fails, or the connection breaks; before down
  };
  RedisLink(net::Loop& loop, redis::Url url, Calls calls);
  ~RedisLink();

  bool is_up() const { return connection_ != nullptr; }
  const std::string& trouble() const { return trouble_; }  // why it is not up
  // Only while it is up. When the connection breaks, answers that are due come as errors, then down().
  void command(std::vector<std::string> words, redis::Connection::Answer answer, milliseconds patience = milliseconds(3000));
  void close();  // for good; no call comes any more

 private:
  void connect();
  void lost(const Error& why);

  net::Loop& loop_;
  redis::Url url_;
  net::Resolver addresses_;
  net::Timer retry_;
  Calls calls_;
  std::shared_ptr<redis::Connection> connection_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string trouble_ = "not connected yet";
  Steady up_since_{};
  unsigned failures_ = 0;  // in a row
  std::string told_;       // the trouble that the log has, while it is away
};

}  // namespace sluice::transcode
