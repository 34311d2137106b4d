#pragma once
// Recall: what the archive knows of a room, read when somebody comes. A disk that does not answer is waited
// for no longer than a moment; where many come at once, as long as their questions are answered in turn.
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "archivist.hpp"
#include "chat/message_path.hpp"
#include "chat/rooms.hpp"
#include "chatlog/room_past.hpp"
#include "net/loop.hpp"

namespace sluice::chatd {

class Recall {
 public:
  // All outlive it.
  Recall(net::Loop& loop, chat::Rooms& rooms, chat::MessagePath& path)
      : loop_(loop), rooms_(rooms), path_(path), again_(loop) {}
  // Until then nothing is known of any room. `listens`: whether nothing that others write to the archive is
  // missed in the open room.
  void look_in(Archivist& archivist, std::function<bool(ChannelId)> listens);

  // Of a room that is about to be opened. `then` comes, at once or soon; null: there is no archive, or it has
  // not answered, or could not. What it says later, or when it is asked again, the room is given if it is
  // open by then.
  void past(ChannelId channel, std::function<void(const chatlog::RoomPast*)> then);
  // Whether there is any; no answer: nobody knows.
  void has_past(ChannelId channel, std::function<void(bool)> answer);
  // `then` comes, at once or soon, when the open room knows who spoke (sluice-chat(5), first and returning):
  // nodes that share the file know it of each other.
  void speakers(ChannelId channel, std::function<void()> then);

 private:
  struct Past {
    explicit Past(net::Loop& loop) : patience(loop) {}
    net::Timer patience;
    std::function<void(const chatlog::RoomPast*)> then;
  };
  struct Speakers {
    explicit Speakers(net::Loop& loop) : patience(loop) {}
    net::Timer patience;
    std::vector<std::function<void()>> then;
  };
  // `late` comes when the archive has not answered anything for a moment, unless the timer has gone before.
  void watch(net::Timer& timer, milliseconds left, std::function<void()> late);
  bool answer(std::uint64_t question, const chatlog::RoomPast* past);  // false: it was answered before
  void ask_again();
  void go_on(ChannelId channel);

  net::Loop& loop_;
  chat::Rooms& rooms_;
  chat::MessagePath& path_;
  Archivist* archivist_ = nullptr;
  std::function<bool(ChannelId)> listens_;
  std::uint64_t asked_ = 0;
  std::map<std::uint64_t, Past> pasts_;  // by question
  std::map<ChannelId, Speakers> speakers_;
  std::set<ChannelId> owed_;  // whose past could not be read
  net::Timer again_;
};

}  // namespace sluice::chatd
