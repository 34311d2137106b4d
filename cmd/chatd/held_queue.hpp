#pragma once
// HeldQueue: messages that wait for a moderator. They are kept in the store; what is decided comes by the
// event log, whoever decided. The node that took a message publishes it, once: whether it did is in its
// archive (chatlog), which outlives a kill.
#include <functional>
#include <string>
#include <vector>

#include "archivist.hpp"
#include "chat/automod_lines.hpp"
#include "chat/directory.hpp"
#include "chat/gate.hpp"
#include "chat/message_path.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "progress.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

bool is_approval(const store::Event& event);

class HeldQueue {
 public:
  struct Parts {
    store::Store& store;
    net::Offload& offload;
    chat::Rooms& rooms;
    chat::MessagePath& path;
    chat::Directory& directory;
    chat::Till& till;
    Progress& progress;
  };
  // All outlive it. `node` is the same in the next run of this node.
  HeldQueue(net::Loop& loop, Parts parts, std::string node, milliseconds time);

  // What was approved while nobody was here: of `events`, which are approvals, those that this node took and
  // `known` does not know are published. Called before anybody is connected; the store blocks.
  using Known = std::function<Result<bool>(const std::string& id)>;
  Result<std::vector<chat::MessagePtr>> catch_up(const std::vector<store::Event>& events, const Known& known);
  void keep_with(Archivist* archivist) { archivist_ = archivist; }
  // Messages that nobody has decided on for `time` expire from now on; 0: none ever does.
  void begin();
  void change(milliseconds time);

  void hold(const chat::Message& line, const chat::AutomodVerdict& verdict, chat::Gate::Then then);
  void take(const store::Event& event);  // every event

 private:
  void tell_held(const store::Event& event);
  void tell_decided(const store::Event& event);
  void approved(const store::Event& event);
  chat::MessagePtr publish(chat::Room& room, chat::Message line, const std::optional<store::Cheer>& cheer);
  void settle(store::Cursor cursor);
  void expire();

  Parts parts_;
  std::string node_;
  milliseconds time_;
  Archivist* archivist_ = nullptr;
  std::vector<store::Event> again_;
  net::Timer rhythm_, retry_;
};

}  // namespace sluice::chatd
