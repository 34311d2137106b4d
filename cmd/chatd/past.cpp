#include "past.hpp"

#include "base/clock.hpp"
#include "chat/recent_keys.hpp"
#include "moderation_news.hpp"
#include "store_directory.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t restored_origins = 16;  // of each room; who joins is told all of them
constexpr std::size_t restored_messages =
    200;  // of each room: what a history holds; one more shows that it is full
constexpr std::size_t most_restored_keys = 200'000;  // of all rooms: 50 MB; 660 a second for five minutes
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
  SLUICE_TRY_VALUE(std::vector<chat::MessagePtr> said, parts_.held.catch_up(approvals, known));
  SLUICE_TRY(parts_.archive.append(said));
  SLUICE_TRY(parts_.archive.set_cursor(parts_.progress.done().value()));
  return said;
}

Result<> Past::restore() {
  const Wall now = system_clock().wall();
  SLUICE_TRY_VALUE(const std::vector<chatlog::Keyed> keyed,
                   parts_.archive.keyed_since(now - chat::RecentKeys::window, most_restored_keys));
  for (const chatlog::Keyed& each : keyed) parts_.path.restore(each.id, each.as);
  parts_.rooms.restored_from_archive();
  SLUICE_TRY_VALUE(const std::vector<store::Channel> channels, parts_.store.channels().list());
  for (const store::Channel& channel : channels) SLUICE_TRY(restore(channel));
  return {};
}

Result<> Past::restore(const store::Channel& channel) {
  SLUICE_TRY_VALUE(const std::vector<chatlog::Kept> messages,
                   parts_.archive.recent(channel.id, restored_messages + 1));
  SLUICE_TRY_VALUE(const std::vector<chatlog::Spoke> speakers,
                   parts_.archive.speakers(channel.id, system_clock().wall()));
  if (speakers.empty()) return {};
  chat::Room& room = parts_.rooms.open(to_chat(channel));
  for (const chatlog::Spoke& spoke : speakers) room.restore_speaker(spoke.user, spoke.speaker);
  SLUICE_TRY_VALUE(room.standing(), read_standing(parts_.store, channel.id));
  // Of runs whose lines are no longer in mind, too: pages that have heard them all missed nothing.
  SLUICE_TRY_VALUE(const chat::Seen heads, parts_.archive.heads(channel.id, restored_origins));
  for (const auto& [origin, seq] : heads) room.count(origin, seq);
  for (const chatlog::Kept& kept : messages) {
    room.restore(kept.message, kept.taken_off);
    parts_.path.restore(*kept.message);
  }
  return {};
}

}  // namespace sluice::chatd
