#pragma once
// Nodes: this chatd among others, by a Redis server (--chat-bus): one connection to publish, one to
// subscribe, a breaker before the first, and a canary through both.
#include <functional>
#include <optional>
#include <string>

#include "app/daemon.hpp"
#include "base/sparing.hpp"
#include "chat/directory.hpp"
#include "node_counters.hpp"
#include "node_limits.hpp"
#include "nodes/breaker.hpp"
#include "nodes/exchange.hpp"
#include "redis/link.hpp"

namespace sluice::chatd {

// What the options say of the server; nothing: this node is alone. Errc::config for what they may not say.
Result<std::optional<redis::Url>> chat_bus(const app::Settings& settings);

class Nodes final : private nodes::Exchange::Outside {
 public:
  struct Calls {
    std::function<void(const nodes::Said&)> received;  // a message that this node did not have
    std::function<void(ChannelId, std::function<void(chat::Room*)>)> open;  // see nodes::Exchange
    std::function<bool(const std::string& id)> known;     // whether a repeat of it would be known
    std::function<void(const chat::Whisper&)> whispered;  // on another node, to somebody who is here
    std::function<milliseconds()> longest_cooldown;       // between a user's messages, as it is set
    std::function<void()> begun;  // once: the others have been heard, or are not to be
  };
  // The loop and the rooms outlive it. `name`: this node's instance.
  Nodes(net::Loop& loop, redis::Url url, chat::Rooms& rooms, std::string name, Calls calls);

  void said(const chat::MessagePtr& message) { exchange_.said(message); }
  // See nodes::Exchange.
  void enter(chat::Room& room, const chat::Seen& seen, std::function<void()> ready) {
    exchange_.enter(room, seen, std::move(ready));
  }
  void came(UserId user) { exchange_.came(user); }
  void left(UserId user) { exchange_.left(user); }
  void bye() { exchange_.bye(); }
  nodes::Limits& limits() { return limits_.limits(); }
  app::Health limits_health() { return limits_.health(); }
  app::Health health() const;
  std::size_t others() const { return exchange_.others(); }
  bool follows(ChannelId room) const { return exchange_.follows(room); }
  bool lets_go(ChannelId room) const { return exchange_.lets_go(room); }

 private:
  void publish(const std::string& channel, std::string text) override;
  void subscribe(const std::string& channel) override;
  void unsubscribe(const std::string& channel) override;
  void open(ChannelId channel, std::function<void(chat::Room*)> then) override {
    calls_.open(channel, std::move(then));
  }
  bool known(const std::string& id) override { return calls_.known(id); }
  void received(const nodes::Said& said) override { calls_.received(said); }
  void whispered(const chat::Whisper& whisper) override { calls_.whispered(whisper); }
  void malformed(const Error& why) override;

  void answered(const Result<redis::Reply>& answer);
  void pushed(const redis::Reply& reply);
  void connected();
  void broken();
  void tick();

  net::Loop& loop_;
  Clock& clock_ = system_clock();
  Calls calls_;
  NodeCounters counters_;
  nodes::Exchange exchange_;
  nodes::Breaker breaker_;
  bool trying_ = false;  // half open, and the one request is on its way
  bool up_ = false;      // both connections
  Steady heard_anew_{};  // when the subscriber was given up last
  Sparing malformed_{seconds(10)};
  net::Timer rhythm_, begin_;
  NodeLimits limits_;  // by the publisher, which it does not touch before that is there
  redis::Link publisher_, subscriber_;
};

// Asks another directory; a channel that is found has its room filled with what was said on other nodes.
class NodeDirectory final : public chat::Directory {
 public:
  // Both outlive it.
  NodeDirectory(chat::Directory& inner, chat::Rooms& rooms) : inner_(inner), rooms_(rooms) {}
  void join(Nodes& nodes) { nodes_ = &nodes; }

  void find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) override {
    inner_.find_by_token(std::move(token), std::move(answer));
  }
  void redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) override {
    inner_.redeem_ticket(std::move(ticket), std::move(answer));
  }
  void find_user(std::string login, std::function<void(Result<chat::User>)> answer) override {
    inner_.find_user(std::move(login), std::move(answer));
  }
  void find_channel(std::string name, std::function<void(Result<chat::Channel>)> answer) override {
    find_channel_for(std::move(name), {}, std::move(answer));
  }
  void find_channel_for(std::string name, const chat::Seen& seen,
                        std::function<void(Result<chat::Channel>)> answer) override;

 private:
  chat::Directory& inner_;
  chat::Rooms& rooms_;
  Nodes* nodes_ = nullptr;  // none: this node is alone
};

}  // namespace sluice::chatd
