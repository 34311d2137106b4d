#include "hls/disk_budget.hpp"

#include <algorithm>

namespace sluice::hls {

namespace {
// Parts in ten of the cap: what windows get together; below which recording comes back, as a window, or whole.
constexpr std::uint64_t windows = 9, back_to_window = 8, back_to_whole = 5;
std::uint64_t tenths(std::uint64_t cap, std::uint64_t parts) { return cap / 10 * parts; }
}  // namespace

DiskBudget::Plan DiskBudget::plan(std::vector<LedgerSize> ledgers, std::uint64_t cap, Steady now) {
  Plan plan;
  std::ranges::sort(ledgers, {}, &LedgerSize::stream);
  std::uint64_t live = 0;
  std::size_t writers = 0;
  for (const LedgerSize& ledger : ledgers) {
    plan.bytes += ledger.bytes;
    if (ledger.ended) continue;
    live += ledger.bytes;
    ++writers;
  }
  for (const LedgerSize& ledger : ledgers) {
    if (plan.bytes <= cap) break;
    if (!ledger.ended) continue;
    plan.remove.push_back(ledger.stream);
    plan.bytes -= ledger.bytes;
  }

  const bool over = live > cap;
  if (over && recording_ == Recording::whole) {
    recording_ = Recording::window;
    over_since_.reset();
  }
  if (!over) {
    over_since_.reset();
    if (recording_ == Recording::none && live < tenths(cap, back_to_window)) recording_ = Recording::window;
    if (writers == 0 || (recording_ == Recording::window && plan.bytes < tenths(cap, back_to_whole))) recording_ = Recording::whole;
  } else if (!over_since_) {
    over_since_ = now;
  } else if (now - *over_since_ >= patience) {
    recording_ = Recording::none;
  }
  plan.recording = recording_;
  if (recording_ == Recording::window) plan.bytes_each = tenths(cap, windows) / writers;
  if (recording_ == Recording::none) plan.bytes_each = 0;
  return plan;
}

const char* name(DiskBudget::Recording recording) {
  switch (recording) {
    case DiskBudget::Recording::whole: return "whole";
    case DiskBudget::Recording::window: return "window";
    case DiskBudget::Recording::none: return "none";
  }
  return "whole";
}

}  // namespace sluice::hls
