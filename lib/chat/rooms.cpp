#include "chat/rooms.hpp"

#include <algorithm>
#include <deque>

namespace sluice::chat {

Rooms::Rooms(std::string origin, RenderStyle style, Rhythm rhythm)
    : origin_(std::move(origin)),
      style_(std::move(style)),
      rhythm_(rhythm),
      random_(std::hash<std::string>{}(origin_)) {}

Room& Rooms::open(const Channel& channel) {
  if (Room* room = find(channel.name)) return *room;
  expect(channel);
  auto closed = closed_.extract(channel.name);
  Room& room = *closed.mapped();
  room.expect_somebody();
  rooms_.insert(std::move(closed));
  by_id_.insert_or_assign(channel.id, &room);
  return room;
}

void Rooms::expect(const Channel& channel) {
  if (known(channel.name) != nullptr) return;
  closed_.emplace(channel.name,
                  std::make_unique<Room>(
                      channel, origin_, people_, [this](Room& waiting) { gathered(waiting); }, lanes_));
}

Room* Rooms::known(std::string_view name) {
  if (Room* room = find(name)) return room;
  const auto closed = closed_.find(name);
  return closed == closed_.end() ? nullptr : closed->second.get();
}

std::size_t Rooms::close_deserted(std::uint32_t beats, const std::function<bool(const Room&)>& may) {
  std::size_t closed = 0;
  for (auto at = rooms_.begin(); at != rooms_.end();) {
    const auto next = std::next(at);
    if (Room& room = *at->second; room.deserted(beats) && may(room)) {
      room.let_go();
      by_id_.erase(room.channel().id);
      flushed_.erase(&room);
      closed_.insert(rooms_.extract(at));
      ++closed;
    }
    at = next;
  }
  return closed;
}

Room* Rooms::find(std::string_view name) {
  const auto room = rooms_.find(name);
  return room == rooms_.end() ? nullptr : room->second.get();
}

Room* Rooms::find(ChannelId channel) {
  const auto room = by_id_.find(channel);
  return room == by_id_.end() ? nullptr : room->second;
}

void Rooms::gathered(Room& room) {
  waiting_.push_back(&room);
  if (asked_ || !on_gathered) return;
  asked_ = true;
  on_gathered();
}

void Rooms::share_out(std::size_t lanes, Run run) {
  lanes_ = lanes;
  run_ = std::move(run);
  write_.resize(lanes);
}

void Rooms::write_with(const std::function<Delivery::Write(std::size_t)>& writer) {
  for (std::size_t lane = 0; lane < lanes_; ++lane) write_[lane] = writer(lane);
}

Steady::duration Rooms::Rhythm::tick(std::size_t members) const {
  const auto many = static_cast<std::int64_t>(members);
  return std::max<Steady::duration>(std::min<Steady::duration>(wait * many, reach - write * many), {});
}

std::optional<Steady> Rooms::flush(Steady now) {
  asked_ = false;
  std::optional<Steady> next;
  std::vector<Room*> due;
  for (Room* room : std::exchange(waiting_, {})) {
    const Steady::duration tick = rhythm_.tick(room->members());
    const auto last = flushed_.find(room);
    const Steady at = last == flushed_.end() ? now : last->second + tick;
    if (at <= now) {
      due.push_back(room);
      flushed_.insert_or_assign(room, now);
    } else {
      waiting_.push_back(room);
      next = next ? std::min(*next, at) : at;
    }
  }
  deliver(due, now);
  return next;
}

void Rooms::deliver(const std::vector<Room*>& due, Steady now) {
  const auto take = [&](Room& room) {
    const std::uint64_t before = room.left_out();
    auto batch = room.take_batch({style_, ceiling_, now, random_});
    left_out_ += room.left_out() - before;
    return batch;
  };
  std::size_t members = 0;
  std::vector<std::unique_ptr<Batch>> batches;
  for (Room* room : due) {
    members += room->members();
    batches.push_back(take(*room));
  }
  const auto give = [&](std::size_t lane, Delivery& delivery) {
    for (std::size_t i = 0; i < due.size(); ++i) due[i]->audience().give(*batches[i], lane, delivery);
  };
  const auto finish = [&](Delivery& delivery) {
    delivery.finish();
    deliveries_ += delivery.count();
  };
  if (!run_ || members < worth_sharing) {
    Delivery all(write_[0]);
    for (std::size_t lane = 0; lane < lanes_; ++lane) give(lane, all);
    all.write();
    return finish(all);
  }
  std::deque<Delivery> each;
  for (std::size_t lane = 0; lane < lanes_; ++lane) each.emplace_back(write_[lane]);
  run_(lanes_, [&](std::size_t lane) {
    give(lane, each[lane]);
    each[lane].write();
  });
  for (Delivery& delivery : each) finish(delivery);
}

void Rooms::beat() {
  for (const auto& [name, room] : rooms_) room->beat();
}

}  // namespace sluice::chat
