#pragma once
// Which events of the log (sluice-events(5)) are lines in a room: subscriptions, gifts, raids.
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "chat/room.hpp"
#include "store/events.hpp"

namespace sluice::chatd {

// Nothing for an event that is none of these.
std::optional<chat::UserNotice> notice_of(const store::Event& event, const nlohmann::json& payload,
                                          const chat::Room& room);

}  // namespace sluice::chatd
