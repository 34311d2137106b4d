#pragma once
// LedgerShelf: a folder with a ledger for each stream: how large they are, which have ended; removing one; telling a
// writer how much it may keep. Calls block.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hls/disk_budget.hpp"
#include "hls/ledger_records.hpp"

namespace sluice::hls {

// Whether a ledger's index ends with the stream's end.
bool says_end(const std::string& ledger);
// The header that a ledger's index begins with; none where there is no ledger, or not yet.
std::optional<LedgerHeader> header_of(const std::string& ledger);

class LedgerShelf {
 public:
  explicit LedgerShelf(std::string folder, const Clock& clock = system_clock()) : folder_(std::move(folder)), clock_(clock) {}

  // Every ledger in the folder: a directory whose index says that it is the stream of that name; nothing else is looked at.
  // Those in `kept` have not ended, whatever their index says; one without an end whose writer is gone for ten minutes has.
  // What an earlier process left half removed is removed.
  Result<std::vector<LedgerSize>> survey(const std::set<std::string>& kept);

  // Out of sight at once, then gone, at the latest with the next survey. The channel it was of ("-" or empty: none).
  Result<std::string> remove(const std::string& stream);

  // The `cap` file of a live ledger, sluice-ledger(5); none removes it.
  Result<> cap(const std::string& stream, std::optional<std::uint64_t> bytes);

  std::uint64_t free_bytes() const;  // of the file system; 0 when that is not known

 private:
  std::string folder_;
  const Clock& clock_;
  std::map<std::string, std::uint64_t> ended_;  // sizes that do not change any more
};

}  // namespace sluice::hls
