#pragma once
// Container: a stream in a form other than the media pipe's own, told in the pipe's terms (see pipe.hpp for the packets' form).
// Times are the container's own, only rescaled; they are made to rise (dts) and to agree (pts ≥ dts) where they do not.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::pipe {

// Global metadata: sluice_epoch_ms, sluice_generation, sluice_discontinuity, sluice_boundary, sluice_resume … All optional.
using Metadata = std::map<std::string, std::string>;

struct ReadLimits {
  std::size_t probe_bytes = 1 << 20;                 // of a foreign container, before its tracks must be known
  std::chrono::microseconds probe_time{1'000'000};   // of media, likewise; the pipe's own form needs no probe
};

class Container {
 public:
  virtual ~Container() = default;
  virtual const std::vector<media::Track>& tracks() const = 0;  // fixed
  virtual const Metadata& metadata() const = 0;
  virtual Result<std::optional<media::Packet>> next() = 0;      // nothing at the end
  virtual std::uint64_t damaged() const = 0;                    // packets dropped or repaired; any thread
};

using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;  // blocks; 0 = end
// Reads as far as the tracks are known. Errc::invalid when it is no media or has no track of a codec we take.
using OpenContainer = std::function<Result<std::unique_ptr<Container>>(Read read, ReadLimits limits)>;

}  // namespace sluice::pipe
