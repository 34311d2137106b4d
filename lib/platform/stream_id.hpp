#pragma once
// StreamId: 20 of [0-9a-v]: ten for the wall clock in milliseconds, ten random (50 bits). Ids sort as text by
// time.
#include <optional>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"

namespace sluice::platform {

StreamId new_stream_id(Wall at, Random& random);
std::optional<Wall> time_of(const StreamId& id);  // nothing when it is not such an id

}  // namespace sluice::platform
