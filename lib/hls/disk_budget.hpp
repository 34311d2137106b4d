#pragma once
// DiskBudget: what gives way when ledgers together are larger than they may be (sans-IO; decision 12): ended ledgers go, the
// oldest first; then live ones keep a window of the past only; then nothing but what live needs.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace sluice::hls {

struct LedgerSize {
  std::string stream;        // ids sort by start time
  std::uint64_t bytes = 0;   // on the disk
  bool ended = false;        // nobody writes it any more
};

class DiskBudget {
 public:
  enum class Recording {
    whole,   // live ledgers grow
    window,  // each keeps its newest part only
    none,    // each keeps what live needs
  };
  struct Plan {
    std::vector<std::string> remove;               // ended ledgers, oldest first
    std::optional<std::uint64_t> bytes_each;       // for every live ledger's media; none: no cap
    Recording recording = Recording::whole;
    std::uint64_t bytes = 0;                       // of all that stays
  };

  // How long windows may stay too large together before recording stops: writers cut at the end of a segment.
  static constexpr seconds patience{10};

  Plan plan(std::vector<LedgerSize> ledgers, std::uint64_t cap, Steady now);

 private:
  Recording recording_ = Recording::whole;
  std::optional<Steady> over_since_;
};

const char* name(DiskBudget::Recording recording);  // "whole", "window", "none"

}  // namespace sluice::hls
