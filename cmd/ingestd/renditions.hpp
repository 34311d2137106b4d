#pragma once
// Renditions: which of a stream's renditions are live, which are shed (decision 8) and which nothing feeds any more, told by log and
// metric. Their series go with the object.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hls/ledger_index.hpp"

namespace sluice::ingestd {

class Renditions {
 public:
  Renditions(std::string channel, std::string stream) : channel_(std::move(channel)), stream_(std::move(stream)) {}
  Renditions(const Renditions&) = delete;
  ~Renditions();
  void look(const std::vector<hls::Rendition>& renditions);  // after the ledger has grown

 private:
  void tell(std::string_view state, const std::string& name) const;

  std::string channel_, stream_;
  std::map<std::string, std::string_view> states_;
};

// "live", "shed", or "gone": no longer of the ladder, or of what the publisher sends.
std::string_view rendition_state(const hls::Rendition& rendition);

// The publisher's pictures, as a ledger tells them: the source alone where it is a rendition, since the others are made of it.
std::vector<media::Track> pictures_of(const std::vector<hls::Rendition>& renditions);

// bit/s: as declared, else of the segment that is being written; 0 while unknown.
std::uint64_t bitrate_of(const hls::Rendition& rendition);
std::uint64_t measured_bitrate(const hls::Rendition& rendition);  // bit/s of its last segment; 0 before the first part

}  // namespace sluice::ingestd
