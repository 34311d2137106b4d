#pragma once
// What the options mean to the parts of the daemon; the same at the start and at a reload.
#include <optional>

#include "app/options.hpp"
#include "automod_process.hpp"
#include "chat/client.hpp"
#include "chat/rate_limit.hpp"
#include "chat/rooms.hpp"
#include "held_queue.hpp"
#include "links.hpp"
#include "origin_check.hpp"

namespace sluice::chatd {

chat::ClientLimits client_limits(const app::Settings& settings);
chat::SendLimits::Rates send_rates(const app::Settings& settings);
LinkLimits link_limits(const app::Settings& settings);
chat::Ceiling::Rate room_rate(const app::Settings& settings);
std::uint32_t room_idle(const app::Settings& settings);  // beats
std::size_t threads(const app::Settings& settings);
chat::Rooms::Rhythm rhythm(const app::Settings& settings);
OriginCheck origin_check(const app::Settings& settings);
AutomodProcess::Setup automod_setup(const app::Settings& settings);
std::optional<platform::AtDeadline> automod_late(const app::Settings& settings);  // none: the room's own
HeldQueue::Times held_times(const app::Settings& settings);
std::uint32_t positive(const app::Settings& settings, std::string_view name);

}  // namespace sluice::chatd
