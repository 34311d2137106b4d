#include "remarks.hpp"

#include "log/log.hpp"

namespace sluice::segmenter {
namespace {
constexpr std::chrono::seconds quiet{10};
}

bool Remarks::due(Tally& tally) {
  ++tally.count;
  const auto now = std::chrono::steady_clock::now();
  if (tally.count > 1 && now - tally.last < quiet) return false;
  tally.last = now;
  return true;
}

void Remarks::take(const hls::Remark& remark) {
  Tally& tally = tallies_[{remark.what, remark.rendition}];
  if (!due(tally)) return;
  log::warn(hls::describe(remark.what), {{"rendition", remark.rendition},
                                         {"at_us", remark.at.count()},
                                         {"length_us", remark.length.count()},
                                         {"times", tally.count - tally.told}});
  tally.told = tally.count;
}

void Remarks::disk_full(const std::string& directory) {
  if (!due(disk_)) return;
  log::error(
      "the disk is full: parts are lost as gaps, live goes on; free some space or set --dvr-window or "
      "--max-bytes",
      {{"ledger", directory}, {"parts_lost", disk_.count}});
}

void Remarks::summary(const hls::WriterCounters& written, std::uint64_t damaged) const {
  std::uint64_t dropped = 0, forced = 0;
  for (const auto& [key, tally] : tallies_) {
    if (key.first == hls::Remark::What::late_packet || key.first == hls::Remark::What::before_keyframe)
      dropped += tally.count;
    if (key.first == hls::Remark::What::forced_cut) forced += tally.count;
  }
  log::info("input over", {{"parts", written.parts},
                           {"bytes", written.bytes},
                           {"parts_lost", written.parts_lost},
                           {"segments_removed", written.segments_removed},
                           {"packets_dropped", dropped},
                           {"packets_damaged", damaged},
                           {"forced_cuts", forced}});
}

}  // namespace sluice::segmenter
