#pragma once
// A hall with a fake clock, a directory that answers when told, and connections that record.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chat/irc_client.hpp"
#include "chat/json_client.hpp"
#include "unit/chat/fake_acts.hpp"

namespace sluice::chat {

inline void append_marked(Bytes& out, std::string_view text) {
  append(out, as_bytes("[" + std::string(text) + "]"));
}

inline void append_packed(Bytes& out, std::string_view text) {
  append(out, as_bytes("{" + std::string(text) + "}"));
}

struct RecordingOutlet : Outlet {
  std::string sent, delivered, closed;
  std::vector<SharedBytes> batches;
  bool in_frames = false, packed = false;
  std::string from;
  Farewell farewell = Farewell::normal;
  void send(std::string_view text) override { sent += text; }
  void deliver(const SharedBytes& bytes) override {
    delivered += as_text(*bytes);
    batches.push_back(bytes);
  }
  void close(Farewell how, std::string_view why) override {
    farewell = how;
    closed = why;
  }
  bool framed() const override { return in_frames; }
  bool deflated() const override { return packed; }
  std::string address() const override { return from; }
  std::string take_sent() { return std::exchange(sent, {}); }
  std::string take_delivered() { return std::exchange(delivered, {}); }
};

struct FakeDirectory : Directory {
  std::map<std::string, Identity> tokens, tickets;
  std::map<std::string, Channel> channels;
  bool later = false;
  bool away = false;  // the store does not answer
  std::vector<std::function<void()>> waiting;

  void answer_all() {
    for (auto& answer : std::exchange(waiting, {})) answer();
  }
  template <class T>
  void answer(std::function<void(Result<T>)> give, Result<T> result) {
    if (away) result = fail(Errc::unavailable, "the store is away");
    if (later) {
      waiting.push_back([give, result] { give(result); });
    } else {
      give(result);
    }
  }
  void find_by_token(std::string token, std::function<void(Result<Identity>)> give) override {
    answer<Identity>(
        give, tokens.contains(token) ? Result<Identity>(tokens[token]) : fail(Errc::denied, "bad token"));
  }
  void find_user(std::string login, std::function<void(Result<User>)> give) override {
    Result<User> result = fail(Errc::not_found, "no user");
    for (const auto& [token, identity] : tokens)
      if (identity.user.login == login) result = identity.user;
    answer<User>(give, result);
  }
  void redeem_ticket(std::string ticket, std::function<void(Result<Identity>)> give) override {
    Result<Identity> result =
        tickets.contains(ticket) ? Result<Identity>(tickets[ticket]) : fail(Errc::denied, "bad ticket");
    tickets.erase(ticket);
    answer<Identity>(give, result);
  }
  void find_channel(std::string name, std::function<void(Result<Channel>)> give) override {
    answer<Channel>(give, channels.contains(name) ? Result<Channel>(channels[name])
                                                  : fail(Errc::not_found, "no channel"));
  }
};

inline User user(std::int64_t id, std::string login) {
  std::string name = login;
  name[0] = static_cast<char>(name[0] - 32);
  return {UserId(id), login, name, ""};
}

struct TestHall {
  FakeClock clock;
  SeededRandom random{1};
  Rooms rooms{"o1", RenderStyle{"tmi.twitch.tv", append_marked, append_packed}};
  MessagePath path{clock, random, SendLimits::Rates{}};
  FakeDirectory directory;
  FakeActs acts;
  Moderation moderation{acts, path, clock};
  Hall hall{rooms, path, moderation, directory, clock, ClientLimits{}};

  TestHall() {
    directory.channels["demo"] = {ChannelId(1), "demo", UserId(7), "ada"};
    directory.channels["other"] = {ChannelId(2), "other", UserId(8), "bob"};
    directory.tokens["t7"] = {user(7, "ada"), true, TokenId(70), {}};
    directory.tokens["t8"] = {user(8, "bob"), true, TokenId(80), {}};
    directory.tokens["t9"] = {user(9, "cyd"), false};
    directory.tickets["k7"] = {user(7, "ada"), true, TokenId(70), {}};
    directory.tickets["k8"] = {user(8, "bob"), true};
  }
  // Lines as they would go out after a long quiet time.
  void flush() {
    clock.advance(seconds(2));
    rooms.flush(clock.steady());
  }
};

struct IrcPeer {
  RecordingOutlet outlet;
  std::shared_ptr<IrcClient> client;
  explicit IrcPeer(TestHall& hall) : client(std::make_shared<IrcClient>(hall.hall, outlet)) {}
  std::string send(std::string_view lines) {
    client->receive(as_bytes(lines));
    return outlet.take_sent();
  }
  void log_in(std::string_view token, std::string_view nick, bool capable = true) {
    if (capable) send("CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership\r\n");
    send("PASS oauth:" + std::string(token) + "\r\nNICK " + std::string(nick) + "\r\n");
  }
};

struct JsonPeer {
  RecordingOutlet outlet;
  std::shared_ptr<JsonClient> client;
  explicit JsonPeer(TestHall& hall) : client(std::make_shared<JsonClient>(hall.hall, outlet)) {
    outlet.in_frames = true;
  }
  std::string send(std::string_view object) {
    client->receive(as_bytes(object));
    return outlet.take_sent();
  }
};

}  // namespace sluice::chat
