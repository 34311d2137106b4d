#include "past.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "chat/recent_keys.hpp"
#include "moderation_news.hpp"
#include "nodes/exchange.hpp"
#include "store_directory.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t most_restored_keys = 200'000;  // of all rooms: 15 MB; 660 a second for five minutes
}  // namespace

Result<std::vector<store::Event>> Past::catch_up(store::Cursor begun) {
  SLUICE_TRY_VALUE(const std::int64_t known, parts_.archive.cursor());
  std::vector<store::Event> approvals;
  for (store::Cursor at(known); at < begun;) {
    SLUICE_TRY_VALUE(const std::vector<store::Event> events, parts_.store.events().since(at));
    for (const store::Event& event : events) {
      if (event.cursor > begun) break;  // the follower's
      if (auto taken = taken_off_by(event)) {
        taken->cursor = known;
        SLUICE_TRY(parts_.archive.take_off(*taken));
      }
      if (is_approval(event)) approvals.push_back(event);
      if (!is_cheer(event)) continue;
      SLUICE_TRY_VALUE(const bool said, parts_.archive.holds(cheered_by(event)));
      if (!said) parts_.till.catch_up(event);
    }
    if (events.empty()) break;
    at = events.back().cursor;
  }
  return approvals;
}

Result<std::vector<chat::MessagePtr>> Past::say_approved(const std::vector<store::Event>& approvals) {
  const auto known = [this](const std::string& id) { return parts_.archive.holds(id); };
  const auto open_room = [this](const store::Channel& channel) { return open(channel); };
  SLUICE_TRY_VALUE(std::vector<chat::MessagePtr> said, parts_.held.catch_up(approvals, known, open_room));
  SLUICE_TRY(parts_.archive.append(said));
  SLUICE_TRY(parts_.archive.set_cursor(parts_.progress.done().value()));
  return said;
}

Result<> Past::restore(bool others) {
  const Wall now = system_clock().wall();
  SLUICE_TRY_VALUE(const std::vector<chatlog::Keyed> keyed,
                   parts_.archive.keyed_since(now - chat::RecentKeys::window, most_restored_keys));
  for (const chatlog::Keyed& each : keyed) parts_.path.restore(each.id, each.as);
  if (!others) return {};
  SLUICE_TRY_VALUE(const std::vector<ChannelId> rooms,
                   parts_.archive.spoken_in_since(now - nodes::Exchange::told_past));
  for (const ChannelId id : rooms) {
    const auto channel = parts_.store.channels().by_id(id);
    if (!channel && channel.error().code == Errc::not_found) continue;
    if (!channel) return std::unexpected(channel.error());
    SLUICE_TRY(open(*channel));
  }
  return {};
}

Result<chat::Room*> Past::open(const store::Channel& channel) {
  if (chat::Room* room = parts_.rooms.find(channel.name)) return room;
  SLUICE_TRY_VALUE(const chatlog::RoomPast past,
                   chatlog::read_past(parts_.archive, channel.id, system_clock().wall()));
  SLUICE_TRY_VALUE(chat::Standing standing, read_standing(parts_.store, channel.id));
  chat::Room& room = parts_.rooms.open(to_chat(channel));
  room.standing().replace(std::move(standing));
  fill(room, parts_.path, past);
  return &room;
}

void fill(chat::Room& room, chat::MessagePath& path, const chatlog::RoomPast& past) {
  for (const chatlog::Spoke& spoke : past.speakers) room.restore_speaker(spoke.user, spoke.speaker);
  // What an origin that is heard already said behind that comes from itself, to all who are here.
  const chat::Seen heads = room.heads();
  const auto comes_yet = [&](const std::string& origin, std::uint64_t seq) {
    const auto head = heads.find(origin);
    return room.members() > 0 && head != heads.end() && head->second != 0 && seq > head->second;
  };
  const auto here = [&](const chatlog::Kept& kept) {
    return !comes_yet(kept.message->origin, kept.message->seq);
  };
  const bool fits = room.history().kept().size() < room.history().capacity();
  if (past.whole && fits && std::ranges::all_of(past.messages, here)) room.begins_at_first();
  for (const auto& [origin, seq] : past.heads)
    if (!comes_yet(origin, seq)) room.count(origin, seq);
  for (const chatlog::Kept& kept : past.messages) {
    if (!here(kept)) continue;
    room.restore(kept.message, kept.taken_off);
    path.restore(*kept.message);
  }
}

}  // namespace sluice::chatd
