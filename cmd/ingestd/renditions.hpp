#pragma once
// Renditions: which of a stream's renditions are live and which are shed (decision 8), told by log and metric. Their series
// go with the object.
#include <map>
#include <string>
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
  std::string channel_, stream_;
  std::map<std::string, bool> shed_;
};

// The publisher's pictures, as a ledger tells them: the source alone where it is a rendition, since the others are made of it.
std::vector<media::Track> pictures_of(const std::vector<hls::Rendition>& renditions);

// bit/s: as declared, else of the segment that is being written; 0 while unknown.
std::uint64_t bitrate_of(const hls::Rendition& rendition);
std::uint64_t measured_bitrate(const hls::Rendition& rendition);  // bit/s of its last segment; 0 before the first part

}  // namespace sluice::ingestd
