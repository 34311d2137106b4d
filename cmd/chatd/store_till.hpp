#pragma once
// StoreTill: where this node's cheers are paid, and what says those that are paid and were not said:
// subctl's, and what a kill came between. The store says which node says a cheer; the chat history, what has
// been said.
#include <string>
#include <vector>

#include "archivist.hpp"
#include "chat/till.hpp"
#include "late_parts.hpp"

namespace sluice::chatd {

bool is_cheer(const store::Event& event);
std::string cheered_by(const store::Event& event);  // its message's id

class StoreTill final : public chat::Till {
 public:
  // All outlive it. `node` is the same in the next run of this node.
  StoreTill(net::Loop& loop, LateParts parts, std::string node)
      : parts_(parts), node_(std::move(node)), retry_(loop) {}

  void keep_with(Archivist* archivist) { archivist_ = archivist; }
  void pay(const chat::Message& line, Then then) override;
  void give_back(const std::string& message_id) override;

  // Of cheers of before this run, one that is not in the chat history: it is said at begin(), or its bits are
  // given back, if that was long ago.
  void catch_up(const store::Event& event);
  void begin();
  void take(const store::Event& event);  // every event

 private:
  struct Due {
    store::Cursor cursor;
    std::string message_id;
    bool stale = false;
  };
  void say(const Due& due);
  void say(const Due& due, const store::Cheer& cheer, const chat::Channel& channel);
  void again(const Due& due, const Error& error);
  void try_again();
  void end(store::Cursor cursor);

  LateParts parts_;
  std::string node_;
  Archivist* archivist_ = nullptr;
  std::vector<Due> due_;              // at begin()
  std::vector<Due> later_;            // once more, after a pause
  std::vector<std::string> returns_;  // so, too: messages whose bits are to be given back
  bool tries_again_ = false;
  net::Timer retry_;
};

}  // namespace sluice::chatd
