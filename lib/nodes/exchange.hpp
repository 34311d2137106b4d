#pragma once
// Exchange: a chat node among others (sluice-chat-nodes(5)): what it publishes and subscribes to, what it
// makes of what it hears. No socket: messages in, messages out, and a clock that is given.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "chat/rooms.hpp"
#include "nodes/canary_watch.hpp"
#include "nodes/own_lines.hpp"
#include "nodes/place.hpp"
#include "nodes/wire.hpp"

namespace sluice::nodes {

class Exchange : private Place::Outside {
 public:
  // What it acts on. publish() may lose what it is given: others will ask.
  class Outside {
   public:
    virtual ~Outside() = default;
    virtual void publish(const std::string& channel, std::string text) = 0;
    virtual void subscribe(const std::string& channel) = 0;  // subscribed() when it is so
    virtual void unsubscribe(const std::string& channel) = 0;
    virtual bool known(const std::string& id) = 0;  // see Place::Outside
    virtual void received(const Said& said) = 0;
    // Opens the room if anything was ever said in it that this node has, and `then` comes, at once or soon;
    // null: nothing was. It does not come when that cannot be found out.
    virtual void open(ChannelId channel, std::function<void(chat::Room*)> then) = 0;
    virtual void whispered(const chat::Whisper& whisper) = 0;  // by another node, to somebody who is here
    virtual void malformed(const Error& why) = 0;              // somebody else writes to our channels
  };
  struct Counts {
    std::uint64_t published = 0, heard = 0, filled = 0, skipped = 0, malformed = 0;
  };
  // All outlive it. `name`: the node's instance.
  Exchange(chat::Rooms& rooms, std::string name, Clock& clock, Outside& outside,
           Place::Limits limits = Place::Limits());

  // Both connections are there, and nothing is subscribed to; or one broke.
  void up();
  void down();
  // Others may have missed something: what there is and is lacking is said anew.
  void compare_all();
  void subscribed(const std::string& channel);
  void hear(const std::string& channel, std::string_view text);
  void tick();  // about ten times a second

  // The room said something itself. Its members have been told.
  void said(const chat::MessagePtr& message);
  // Somebody is about to join: `ready` comes, at once or soon, when the room holds what was said elsewhere,
  // as far as that can be had in a third of a second. `seen`: what a page that comes back knows already, and
  // is not to be told again by another number.
  void enter(chat::Room& room, const chat::Seen& seen, std::function<void()> ready);
  // Somebody has the first connection here; has the last no more.
  void came(UserId user);
  void left(UserId user);
  void bye();  // it stops, and gives no more signs of life

  std::size_t others() const { return others_.size(); }
  std::size_t followed() const;
  bool follows(ChannelId room) const;
  // Whether the room may be closed. What others ask of it later it is opened for.
  bool lets_go(ChannelId room) const { return past_told_ && !follows(room); }
  // What was said in a room before this run, and no longer before, may be had here alone: by a run that died
  // before it told the others. They hear of it, of the rooms that are open, although nobody is there.
  static constexpr std::chrono::hours told_past{1};
  const Counts& counts() const { return counts_; }
  const CanaryWatch& canary() const { return canary_; }

  static std::string room_channel(ChannelId channel) { return "chat:" + std::to_string(channel.value()); }
  static std::string user_channel(UserId user) { return "chat-user:" + std::to_string(user.value()); }
  static std::string node_channel(const std::string& origin) { return "chat-node:" + origin; }
  static constexpr const char* all_nodes = "chat-nodes";

 private:
  struct Entry {  // of a room
    std::unique_ptr<Place> place;
    Steady wanted_until{};
    bool subscribed = false;
    bool asks = false;              // the others what they have, once it is subscribed to
    std::set<std::string> awaited;  // nodes that have been asked and have not said what they have
    std::set<std::string> told;     // those that have
    Steady await_until{};
    std::vector<std::function<void()>> ready;
    std::uint64_t told_seq = 0, told_viewers = 0;
    Steady told_all{};  // the whole digest
  };
  struct Other {
    std::string name;
    Steady heard{};
  };

  void ask(const std::string& node, const Want& want) override;
  bool known(const std::string& id) override { return outside_.known(id); }
  void received(const Said& said) override;
  void skipped(std::uint64_t lines) override { counts_.skipped += lines; }

  void take(const std::string& channel, Said said);
  void take(const Heads& heads, bool to_me);
  void take(const Want& want);
  void take(const Lines& lines);
  void take(const std::string& channel, const Whispered& whispered);
  void take_leave(const std::string& node);

  Entry& entry(chat::Room& room);
  Entry* find(ChannelId channel);
  bool behind(const chat::Room& room, const chat::Seen& seen) const;
  void follow(Entry& entry);
  void unfollow(Entry& entry);
  void ask_all(Entry& entry);
  void settle_if_complete(Entry& entry, Steady now);
  void beat(Steady now);
  void announce(const std::string& channel, std::vector<Heads::Room> rooms, bool asks);
  Heads::Room digest(chat::Room& room, bool all);
  void answer(const Want& want, chat::Room& room);

  chat::Rooms& rooms_;
  std::string own_, name_;
  Clock& clock_;
  Outside& outside_;
  Place::Limits limits_;
  bool up_ = false;
  bool greeted_ = false;  // since it is up: the others have been told what is here, before any line
  std::unordered_map<ChannelId, Entry> entries_;
  std::set<ChannelId> restless_;
  std::unordered_set<UserId> users_;  // who is here
  std::map<std::string, Other> others_;
  OwnLines own_lines_;
  Wall born_;
  std::optional<Steady> past_said_;  // what earlier runs left was published
  bool past_told_ = false;           // and a canary behind it came back
  CanaryWatch canary_;
  Steady last_beat_{};
  Counts counts_;
  bool leaving_ = false;
};

}  // namespace sluice::nodes
