#pragma once
// What was out of the ordinary, logged when it first happens and then at most every ten seconds of it, and
// counted.
#include <array>
#include <chrono>
#include <map>
#include <string>

#include "hls/ledger_writer.hpp"
#include "hls/segment_operations.hpp"

namespace sluice::segmenter {

class Remarks {
 public:
  void take(const hls::Remark& remark);
  void disk_full(const std::string& directory);
  // One line at the end.
  void summary(const hls::WriterCounters& written, std::uint64_t damaged) const;

 private:
  struct Tally {
    std::uint64_t count = 0, told = 0;
    std::chrono::steady_clock::time_point last{};
  };
  bool due(Tally& tally);
  std::map<std::pair<hls::Remark::What, std::string>, Tally> tallies_;
  Tally disk_;
};

}  // namespace sluice::segmenter
