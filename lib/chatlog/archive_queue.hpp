#pragma once
// ArchiveQueue: what is to be done in the archive, in the order in which it was asked for. What fails, as on
// a full disk, stays at its front and is tried again; nothing passes it, so that what a moderator took off is
// never written behind that. One thread's: the one that writes the archive.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "chatlog/archive.hpp"
#include "chatlog/room_past.hpp"

namespace sluice::chatlog {

class ArchiveQueue {
 public:
  using Messages = std::vector<chat::MessagePtr>;
  struct Cursor {
    std::int64_t value = 0;  // events up to it have had their effect
  };
  using BlockedLines = std::vector<Blocked>;
  using Work = std::variant<Messages, TakenOff, Cursor, BlockedLines>;
  struct State {
    std::string error{};              // empty: all that was said and taken off is done
    std::string blocked_error{};      // the same of blocked lines
    std::size_t waiting = 0;          // messages that are not written
    std::uint64_t lost = 0;           // that will not be: there were too many
    std::size_t blocked_waiting = 0;  // blocked lines that are not written
    std::uint64_t blocked_lost = 0;   // of them, that will not be: there were too many
  };

  // The archive and the clock outlive it. Up to `most` messages wait, and half as many blocked lines.
  ArchiveQueue(Archive& archive, Clock& clock, std::size_t most = 20'000)
      : archive_(archive), clock_(clock), most_(most) {}

  // Does what waits, and then this. After a failure nothing is tried for two seconds.
  State run(Work work);
  State run_now();  // what waits, whenever it was tried; so does what is blocked
  // With what was taken off, whether that is written or waits.
  Result<RoomPast> past(ChannelId channel);

 private:
  State carry_on();
  bool write_waiting();
  Result<> carry_out(const Work& work);
  void write_blocked(bool at_once);
  void drop_oldest();
  void take_blocked(BlockedLines lines);

  Archive& archive_;
  Clock& clock_;
  std::size_t most_;
  std::deque<Work> waiting_;
  BlockedLines blocked_;  // behind all that: whatever is wrong with them keeps no message from being written
  Steady again_at_{}, blocked_again_at_{};
  State state_;
};

}  // namespace sluice::chatlog
