#pragma once
// DiskCap: keeps the ledgers' folder within its share of the disk and its absolute cap (decision 12, hls/disk_budget.hpp).
// It looks every few seconds on a thread of its own; what it did it tells by log, metric and event.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "hls/disk_budget.hpp"
#include "hls/ledger_shelf.hpp"
#include "net/loop.hpp"
#include "options.hpp"
#include "platform.hpp"

namespace sluice::ingestd {

class DiskCap {
 public:
  // All outlive it. `ours`: the streams that this process holds, live or not: their ledgers have not ended.
  DiskCap(net::Loop& loop, const Config& config, Platform& platform, std::function<std::set<std::string>()> ours);

  void stop();  // looks no more: another process does. What it is just looking at is finished, and nobody waits for it

  hls::DiskBudget::Recording recording() const { return recording_; }
  // Since when the ledgers' disk is full, whoever fills it; nothing while there is room. Of a disk on which a window gives way for each part it
  // is so all the while: one look in ten seconds is enough.
  std::optional<Wall> full_since();

 private:
  struct Removed {
    std::string stream, channel;
    std::uint64_t bytes = 0;
  };
  struct Report {
    Result<> done;
    std::uint64_t bytes = 0, cap = 0;
    hls::DiskBudget::Recording recording = hls::DiskBudget::Recording::whole;
    std::vector<Removed> removed;
    Steady::duration took{};
  };
  void look();
  Report work(const std::set<std::string>& ours, DiskLimits limits);
  Result<> keep_within(const std::set<std::string>& ours, DiskLimits limits, Report& report);
  void tell(const Report& report);
  void tell_recording(const Report& report);
  void look_for_room();

  const Config& config_;
  Platform& platform_;
  std::function<std::set<std::string>()> ours_;
  net::Timer timer_;
  hls::DiskBudget::Recording recording_ = hls::DiskBudget::Recording::whole;
  bool failing_ = false, stopped_ = false;
  std::optional<Wall> full_since_;
  Steady full_seen_{};
  // The offloaded work's own.
  hls::LedgerShelf shelf_;
  hls::DiskBudget budget_;
  std::map<std::string, std::optional<std::uint64_t>> capped_;  // what live ledgers were told
  net::Offload offload_;
};

}  // namespace sluice::ingestd
