#include "chatlog/room_past.hpp"

namespace sluice::chatlog {

namespace {
constexpr std::size_t messages = 200 + 1;
constexpr std::size_t origins = 16;  // who joins is told all of them
}  // namespace

Result<RoomPast> read_past(Archive& archive, ChannelId channel, Wall now) {
  RoomPast past;
  SLUICE_TRY_VALUE(past.messages, archive.recent(channel, messages));
  SLUICE_TRY_VALUE(past.speakers, archive.speakers(channel, now));
  SLUICE_TRY_VALUE(past.heads, archive.heads(channel, origins));
  return past;
}

}  // namespace sluice::chatlog
