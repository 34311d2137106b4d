#include "chatlog/room_past.hpp"

namespace sluice::chatlog {

namespace {
constexpr std::size_t shown = 200;
constexpr std::size_t origins = 16;  // who joins is told all of them
}  // namespace

bool covers(const TakenOff& taken, const chat::Message& message) {
  if (!taken.message.empty()) return taken.message == message.id;
  return message.at <= taken.at && (taken.author == UserId() || taken.author == message.author.id);
}

// What others append to the file meanwhile is in the messages, if it is in the heads.
Result<RoomPast> read_past(Archive& archive, ChannelId channel, Wall now) {
  RoomPast past;
  SLUICE_TRY_VALUE(past.heads, archive.heads(channel, origins));
  SLUICE_TRY_VALUE(past.messages, archive.recent(channel, shown + 1));
  past.whole = past.messages.size() <= shown;
  if (!past.whole) past.messages.erase(past.messages.begin());
  SLUICE_TRY_VALUE(past.speakers, archive.speakers(channel, now));
  return past;
}

}  // namespace sluice::chatlog
