#pragma once
// Member: one connection in one room, and Sink: where its bytes go.
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "chat/line.hpp"
#include "chat/wire.hpp"

namespace sluice::chat {

// A connection's queue. None of these must make members join or leave before it returns.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void deliver(const SharedBytes& bytes) = 0;

  // In steps, for what is due to many (delivery.hpp). The first is called on any thread, while the rooms' own
  // waits, and touches nothing that others share: the socket, when it may be written to now, past the queue,
  // and then it is, once; else -1. What is not written that way the second takes, on the rooms' own thread.
  virtual int begin_write() { return -1; }
  virtual void deliver_rest(const SharedBytes& bytes, std::size_t /*written: 0 without a begin_write()*/) {
    deliver(bytes);
  }
};

// Its owner keeps it alive while it is in the room.
struct Member {
  Sink* sink = nullptr;
  const User* user = nullptr;  // borrowed from the connection
  Wire wire;
  bool spoke = false;      // caused a line of the batch that is being gathered
  std::uint16_t lane = 0;  // kept by the audience, as is
  std::uint32_t place = 0;
  MemberNumber number = 0;  // given by the room
  std::uint64_t since = 0;  // number of the room's first line that is for it
};

}  // namespace sluice::chat
