#pragma once
// What of a record of uploads is true of the ledger as it is now (sans-IO). A machine that loses power may come back with a ledger that is
// shorter than what was uploaded of it; its numbers are then given again, to other media, and the bucket still has the old ones.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hls/uploads.hpp"

namespace sluice::archive {

class Agreement {
 public:
  // What of the files beside the index has to be looked at.
  struct Files {
    // The CRC-32C of a header; none when it cannot be read, which is then not held against it.
    std::function<std::optional<std::uint32_t>(const std::string& rendition, std::uint32_t init)> crc_of;
    std::function<std::uint64_t(const std::string& segment)> size_of;  // "source/12.m4s"; 0: it is not there
  };
  explicit Agreement(Files files) : files_(std::move(files)) {}

  void apply(const hls::Record& record);  // of the ledger, all of them

  // Whether the record's next line holds. Segments of a rendition hold until one does not; the end, when everything before it does.
  bool holds(const hls::UploadRecord& line);
  std::uint64_t segments_dropped() const { return dropped_; }

 private:
  struct Rendition {
    std::vector<hls::ToldSegment> finished;  // of consecutive numbers
    std::optional<hls::ToldSegment> open;
    std::set<std::uint32_t> inits;
    bool broken = false;
  };
  void append(const hls::PartRecord& record);
  static void finish(Rendition& rendition);
  bool holds_in(Rendition& rendition, const hls::UploadRecord& line) const;
  bool is_missed(const Rendition& rendition, const hls::MissedSegments& missed) const;

  Files files_;
  hls::Format format_ = hls::Format::cmaf;
  MediaSequence removed_before_ = 0;
  std::map<std::string, Rendition, std::less<>> renditions_;
  std::optional<std::int64_t> ended_ms_;
  std::uint64_t dropped_ = 0;
  bool all_hold_ = true;
};

}  // namespace sluice::archive
