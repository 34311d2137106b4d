#pragma once
// Rooms: all rooms of this node, and when their gathered lines are delivered. A quiet room's line goes out at
// the end of the turn that brought it; a busy one's wait for its tick, which grows with the room, so that
// many lines cost one write a member, and gives way to the time that the writes of a large one take.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "chat/room.hpp"

namespace sluice::chat {

class Rooms {
 public:
  struct Rhythm {
    milliseconds reach{80};  // a line reaches all of a busy room: its wait for the tick, and the writes
    microseconds wait{75};   // for each member, at most: a room of 20 ticks at 1.5 ms, one of 960 at 72
    microseconds write{8};   // for each member: one of 5,000 ticks at 40 ms, one of 10,000 not at all
    Steady::duration tick(std::size_t members) const;
  };
  Rooms(std::string origin, RenderStyle style, Rhythm rhythm);
  Rooms(std::string origin, RenderStyle style) : Rooms(std::move(origin), std::move(style), Rhythm{}) {}

  const std::string& origin() const { return origin_; }
  const std::string& host() const { return style_.host; }
  const RenderStyle& style() const { return style_; }
  People& people() { return people_; }
  const People& people() const { return people_; }

  Room& open(const Channel& channel);  // the same room for the same channel; a new name is taken over
  Room* find(std::string_view name);   // null when it is not open
  Room* find(ChannelId channel);
  // Also a closed one, if it has been open or was expected: it hears what is taken off, so that this is not
  // shown to who comes, and what else who comes back is told.
  Room* known(std::string_view name);
  void expect(const Channel& channel);  // it is about to be opened
  const std::map<std::string, std::unique_ptr<Room>, std::less<>>& all() const { return rooms_; }  // open
  // Closes the rooms that have been deserted for so many beats and that `may` says, and lets go of what they
  // held: see Room::let_go(). Who still has one has an empty room, which open() brings back.
  std::size_t close_deserted(std::uint32_t beats, const std::function<bool(const Room&)>& may);

  void change(Rhythm rhythm) { rhythm_ = rhythm; }
  void change(Ceiling::Rate ceiling) { ceiling_ = ceiling; }

  // Lets several threads write to members, before any room is open: `run` calls what it is given for each
  // number below `lanes`, on any threads, and returns when all is done. Only where there is much to deliver:
  // to wake a thread costs as much as writing to a few.
  using Run = std::function<void(std::size_t lanes, const std::function<void(std::size_t lane)>& work)>;
  void share_out(std::size_t lanes, Run run);
  static constexpr std::size_t worth_sharing = 256;  // deliveries
  std::size_t lanes() const { return lanes_; }
  // Behind share_out(): who writes to sockets, for each lane; one thread at a time works in a lane. Without
  // it everything is queued.
  void write_with(const std::function<Delivery::Write(std::size_t lane)>& writer);

  // Called when something waits for flush(), once until then.
  std::function<void()> on_gathered;
  // Delivers what is due at `now`. When more is left: the time to call again.
  std::optional<Steady> flush(Steady now);
  void beat();  // once a second

  std::uint64_t deliveries() const { return deliveries_; }
  std::uint64_t left_out() const { return left_out_; }  // messages that rooms' ceilings left out

 private:
  struct Due {
    Room* room;
    Steady at;
  };
  void gathered(Room& room);
  void deliver(const std::vector<Room*>& due, Steady now);

  std::string origin_;
  RenderStyle style_;
  Rhythm rhythm_;
  People people_;
  std::map<std::string, std::unique_ptr<Room>, std::less<>> rooms_, closed_;
  std::unordered_map<ChannelId, Room*> by_id_;       // open
  std::unordered_map<const Room*, Steady> flushed_;  // of busy rooms: when last
  std::vector<Room*> waiting_;
  std::size_t lanes_ = 1;
  Run run_;                                // none: this thread writes to all
  std::vector<Delivery::Write> write_{1};  // of each lane
  bool asked_ = false;                     // on_gathered was called, flush() not yet
  std::uint64_t deliveries_ = 0, left_out_ = 0;
  Ceiling::Rate ceiling_ = 0;  // of each room
  SeededRandom random_;        // for samples
};

}  // namespace sluice::chat
