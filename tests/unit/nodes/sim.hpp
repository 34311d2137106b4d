#pragma once
// Nodes in one process, and a Redis between them that is slow, forgets and goes away. Time is given.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "chat/message_id.hpp"
#include "nodes/exchange.hpp"

namespace sluice::nodes::sim {

inline void append_line(Bytes& out, std::string_view text) {
  append(out, as_bytes(text));
  append(out, as_bytes("\n"));
}

struct Node;

// One server: what is published is handed to the subscribers of that moment, in one order for all.
struct Redis {
  struct Letter {
    Steady due;
    Node* to;
    std::uint64_t session;  // of the subscriber's connection
    std::string channel, text;
  };
  explicit Redis(std::uint64_t seed) : random(seed) {}
  SeededRandom random;
  bool up = true;
  double loses = 0;  // share of what is published
  milliseconds slowest{5};
  std::deque<Letter> letters;        // in the order they were published
  std::map<Node*, Steady> last_due;  // a connection delivers in order
  std::uint64_t published = 0;

  void publish(const std::string& channel, const std::string& text, Steady now);
  void deliver(Steady now);
  std::vector<Node*> nodes;
};

struct Node : Exchange::Outside {
  Node(Redis& r, FakeClock& c, std::string origin)
      : redis(r),
        clock(c),
        rooms(std::move(origin), chat::RenderStyle{"h", append_line}),
        exchange(rooms, "node", c, *this) {
    redis.nodes.push_back(this);
  }
  ~Node() override { std::erase(redis.nodes, this); }

  void connect() {
    ++session;
    subscriptions.clear();
    connected = true;
    exchange.up();
  }
  void disconnect() {
    connected = false;
    ++session;
    subscriptions.clear();
    exchange.down();
  }

  void publish(const std::string& channel, std::string text) override {
    if (connected && redis.up) redis.publish(channel, text, clock.steady());
  }
  void subscribe(const std::string& channel) override {
    if (!connected || !redis.up) return;
    subscriptions.insert(channel);
    confirmations.push_back(channel);
  }
  void unsubscribe(const std::string& channel) override { subscriptions.erase(channel); }
  void open(ChannelId channel, std::function<void(chat::Room*)> then) override {
    then(closed.contains(channel) ? &room(channel.value()) : nullptr);
  }
  bool known(const std::string& id) override { return ids.contains(id); }
  void received(const Said& said) override { ids.insert(said.message->id); }
  void whispered(const chat::Whisper& whisper) override { whispers.push_back(whisper); }
  void malformed(const Error& why) override { faults.push_back(why.what); }

  // As the message path does it. False: the key was known.
  bool say(chat::Room& room, std::int64_t user, const std::string& key) {
    chat::Message message;
    message.id = chat::message_id(room.channel().id, UserId(user), key);
    if (!ids.insert(message.id).second) return false;
    message.at = clock.wall();
    message.author = {UserId(user), "u" + std::to_string(user), "U", ""};
    message.text = key;
    exchange.said(room.publish(std::move(message), nullptr));
    return true;
  }
  void turn() {
    for (const std::string& channel : std::exchange(confirmations, {})) exchange.subscribed(channel);
    exchange.tick();
    rooms.flush(clock.steady());
  }
  // A closed one is opened as of its archive: what was said has one number there.
  chat::Room& room(std::int64_t id = 1) {
    chat::Room& room = rooms.open({ChannelId(id), "room" + std::to_string(id), UserId(1), "ada"});
    const auto archive = closed.extract(ChannelId(id));
    if (archive.empty()) return room;
    for (const chat::MessagePtr& message : archive.mapped()) room.restore(message);
    return room;
  }
  bool close_room(std::int64_t id = 1) {
    chat::Room& room = this->room(id);
    std::vector<chat::MessagePtr> archive;
    for (const auto& kept : room.history().kept()) archive.push_back(kept.message);
    const auto may = [&](const chat::Room& one) {
      return one.channel().id == ChannelId(id) && one.members() == 0 && exchange.lets_go(ChannelId(id));
    };
    if (rooms.close_deserted(0, may) == 0) return false;
    closed.emplace(ChannelId(id), std::move(archive));
    return true;
  }
  std::vector<std::string> history(std::int64_t id = 1) {
    std::vector<std::string> texts;
    for (const auto& message : room(id).history().last(room(id).history().capacity()))
      texts.push_back(message->text);
    return texts;
  }

  Redis& redis;
  FakeClock& clock;
  chat::Rooms rooms;
  Exchange exchange;
  bool connected = false;
  std::uint64_t session = 0;
  std::set<std::string> subscriptions;
  std::vector<std::string> confirmations;
  std::set<std::string> ids;
  std::map<ChannelId, std::vector<chat::MessagePtr>> closed;  // rooms
  std::vector<std::string> faults;
  std::vector<chat::Whisper> whispers;
};

inline void Redis::publish(const std::string& channel, const std::string& text, Steady now) {
  ++published;
  if (loses > 0 && static_cast<double>(random.below(1000)) < loses * 1000) return;
  for (Node* node : nodes) {
    if (!node->subscriptions.contains(channel)) continue;
    Steady& last = last_due[node];
    const auto wait = microseconds(random.below(static_cast<std::uint64_t>(slowest.count()) * 1000 + 1));
    last = std::max(last, now + wait);
    letters.push_back({last, node, node->session, channel, text});
  }
}

inline void Redis::deliver(Steady now) {
  std::deque<Letter> waiting = std::exchange(letters, {});
  for (Letter& letter : waiting) {
    if (letter.due > now) {
      letters.push_back(std::move(letter));
    } else if (std::ranges::find(nodes, letter.to) != nodes.end() && letter.session == letter.to->session) {
      letter.to->exchange.hear(letter.channel, letter.text);
    }
  }
}

// A page by the rules of sluice-chat(5): it keeps a cursor, and drops what it has seen.
struct Page : chat::Sink {
  chat::User user{};
  chat::Member member;
  chat::Room* room = nullptr;
  bool joined_once = false;
  chat::Seen cursor;
  std::vector<std::string> shown;                                          // texts
  std::map<std::string, std::pair<std::string, std::uint64_t>> shown_ids;  // by which number
  struct Repeat {
    std::string text;
    std::optional<std::pair<std::string, std::uint64_t>> shown_by;  // another number
  };
  std::vector<Repeat> repeats;  // that the server sent although the page had them
  bool gap = false;
  bool came_to_hermit = false;  // joined a node that was cut off: it cannot know what it will be sent again
  std::uint64_t skipped = 0;

  void show(const std::string& id, const std::string& origin, std::uint64_t seq, const std::string& text) {
    if (seq <= cursor[origin]) return repeats.push_back({text});
    cursor[origin] = seq;
    const auto [before, fresh] = shown_ids.try_emplace(id, origin, seq);
    if (!fresh) return repeats.push_back({text, before->second});
    shown.push_back(text);
  }
  void deliver(const SharedBytes& bytes) override {
    const std::string text(as_text(*bytes));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const auto line = nlohmann::json::parse(text.substr(at, end - at));
      at = end + 1;
      if (line["type"] == "message") show(line["id"], line["origin"], line["seq"], line["text"]);
      if (line["type"] == "gap") {
        const std::uint64_t last = line["last"];
        skipped += last - line["first"].get<std::uint64_t>() + 1;
        cursor[line["origin"]] = std::max(cursor[line["origin"]], last);
      }
    }
  }
  void join(Node& node, std::int64_t id = 1) {
    chat::Room& there = node.room(id);
    came_to_hermit = came_to_hermit || !node.redis.up || !node.connected;
    node.exchange.enter(there, cursor, [this, &there] {
      member = {};
      member.sink = this;
      member.user = &user;
      member.wire = {.json = true, .framed = true};
      room = &there;
      there.join(member);
      const chat::Seen heads = there.heads();
      if (joined_once) {
        const auto missed = there.missed(cursor, true);
        gap = gap || missed.gap;
        for (const auto& message : missed.messages)
          show(message->id, message->origin, message->seq, message->text);
      }
      for (const auto& [origin, seq] : heads) cursor[origin] = std::max(cursor[origin], seq);
      joined_once = true;
    });
  }
  void leave() {
    if (room != nullptr) room->leave(member);
    room = nullptr;
  }
  ~Page() override { leave(); }
};

}  // namespace sluice::nodes::sim
