#pragma once
// dispatch(): the filter's place taken by a worker elsewhere. A job is posted in Redis; the worker that takes it connects to us, both prove
// that they know the shared secret, and from then on our standard input goes to it and what it makes comes out of our standard output.
// When it is lost we end as a transcoder that died, and whoever feeds us (ingestd) starts the next generation.
#include <optional>

#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::transcode {

// The exit code; or nothing: no worker took the job in time, nothing has been read, and the stream shall be transcoded here.
Result<std::optional<int>> dispatch(const app::Settings& settings);

}  // namespace sluice::transcode
