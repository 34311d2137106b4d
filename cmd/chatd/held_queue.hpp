#pragma once
// HeldQueue: messages that wait for a moderator. They are kept in the store; what is decided comes by the
// event log, whoever decided. The node that took a message publishes it, once: whether it did is in its
// archive (chatlog), which outlives a kill.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "archivist.hpp"
#include "chat/automod_lines.hpp"
#include "chat/gate.hpp"
#include "chat/till.hpp"
#include "late_parts.hpp"

namespace sluice::chatd {

bool is_approval(const store::Event& event);

class HeldQueue {
 public:
  struct Times {
    milliseconds waits;      // for a moderator, then it expires; 0: for ever
    std::chrono::days kept;  // when it waits no more
  };
  // All outlive it. `node` is the same in the next run of this node.
  HeldQueue(net::Loop& loop, LateParts parts, chat::Till& till, std::string node, Times times);

  // What was approved while nobody was here: of `events`, which are approvals, those that this node took and
  // `known` does not know are published in the rooms that `open` opens. Called before anybody is connected;
  // the store blocks.
  using Known = std::function<Result<bool>(const std::string& id)>;
  using Open = std::function<Result<chat::Room*>(const store::Channel& channel)>;
  Result<std::vector<chat::MessagePtr>> catch_up(const std::vector<store::Event>& events, const Known& known,
                                                 const Open& open);
  void keep_with(Archivist* archivist) { archivist_ = archivist; }
  // From now on messages expire and are forgotten.
  void begin();
  void change(Times times);

  void hold(const chat::Message& line, const chat::AutomodVerdict& verdict, chat::Gate::Then then);
  void take(const store::Event& event);  // every event

 private:
  void tell_held(const store::Event& event);
  void tell_decided(const store::Event& event);
  void approved(const store::Event& event);
  chat::MessagePtr publish(chat::Room& room, chat::Message line, const std::optional<store::Cheer>& cheer);
  void settle(store::Cursor cursor);
  void write();
  void expire();
  void forget();

  struct Waiting {
    store::HeldMessage held;
    chat::Gate::Then then;
  };
  LateParts parts_;
  chat::Till& till_;
  std::string node_;
  Times times_;
  Archivist* archivist_ = nullptr;
  std::vector<Waiting> waiting_;  // for the store
  bool writing_ = false;
  std::vector<store::Event> again_;
  net::Timer rhythm_, forgetting_, retry_;
};

}  // namespace sluice::chatd
