#include "chat/client.hpp"

#include <algorithm>

namespace sluice::chat {

Memberships::~Memberships() {
  leave_all();
}

std::shared_ptr<Memberships::Place> Memberships::find(std::string_view channel) const {
  const auto place =
      std::ranges::find_if(places_, [&](const auto& p) { return p->room->channel().name == channel; });
  return place == places_.end() ? nullptr : *place;
}

Memberships::Place& Memberships::join(Room& room, const User& user, Sink& sink, const Wire& wire) {
  Place& place = *places_.emplace_back(std::make_shared<Place>());
  place.room = &room;
  place.member.sink = &sink;
  place.member.user = &user;
  place.member.wire = wire;
  room.join(place.member);
  return place;
}

bool Memberships::leave(std::string_view channel) {
  const auto place =
      std::ranges::find_if(places_, [&](const auto& p) { return p->room->channel().name == channel; });
  if (place == places_.end()) return false;
  (*place)->room->leave((*place)->member);
  places_.erase(place);
  return true;
}

void Memberships::leave_all() {
  for (auto& place : places_) place->room->leave(place->member);
  places_.clear();
}

void Memberships::set_wire(const Wire& wire) {
  for (auto& place : places_) place->member.wire = wire;
}

}  // namespace sluice::chat
