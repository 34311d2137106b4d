#include "chat/rooms.hpp"

#include <algorithm>

namespace sluice::chat {

Rooms::Rooms(std::string origin, RenderStyle style, Rhythm rhythm)
    : origin_(std::move(origin)),
      style_(std::move(style)),
      rhythm_(rhythm),
      random_(std::hash<std::string>{}(origin_)) {}

Room& Rooms::open(const Channel& channel) {
  auto& room = rooms_[channel.name];
  if (room) return *room;
  room = std::make_unique<Room>(channel, origin_, people_, [this](Room& waiting) { gathered(waiting); });
  if (archived_) room->begins_at_first();
  return *room;
}

Room* Rooms::find(std::string_view name) {
  const auto room = rooms_.find(name);
  return room == rooms_.end() ? nullptr : room->second.get();
}

void Rooms::gathered(Room& room) {
  waiting_.push_back(&room);
  if (asked_ || !on_gathered) return;
  asked_ = true;
  on_gathered();
}

std::optional<Steady> Rooms::flush(Steady now) {
  asked_ = false;
  std::optional<Steady> next;
  std::vector<Room*> waiting = std::exchange(waiting_, {});
  for (Room* room : waiting) {
    const auto tick = std::min<Steady::duration>(rhythm_.longest_tick, rhythm_.per_member * room->members());
    const auto last = flushed_.find(room);
    const Steady due = last == flushed_.end() ? now : last->second + tick;
    if (due <= now) {
      const std::uint64_t before = room->left_out();
      deliveries_ += room->flush({style_, ceiling_, now, random_});
      left_out_ += room->left_out() - before;
      flushed_.insert_or_assign(room, now);
    } else {
      waiting_.push_back(room);
      next = next ? std::min(*next, due) : due;
    }
  }
  return next;
}

void Rooms::beat() {
  for (const auto& [name, room] : rooms_) room->beat();
}

}  // namespace sluice::chat
