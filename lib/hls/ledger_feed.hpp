#pragma once
// Follows a ledger's index on disk record by record: poll() hands on what has been appended and is believed, by the rules of LedgerIndex.
#include <functional>
#include <string>

#include "base/result.hpp"
#include "hls/ledger_index.hpp"
#include "os/unique_fd.hpp"

namespace sluice::hls {

class LedgerFeed {
 public:
  using Take = std::function<void(const Record&)>;

  explicit LedgerFeed(std::string directory) : directory_(std::move(directory)) {}

  // True when something new was believed. Errc::not_found while there is no index; Errc::invalid when the index is damaged or has
  // become shorter than what was believed (start again with a new feed).
  Result<bool> poll(const Take& take);
  // The same from bytes of an index, for those that have it in memory; returns how many were believed.
  std::size_t feed(ByteView bytes, const Take& take);

  const LedgerIndex& index() const { return index_; }  // the ends only: Keep::tail
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  os::UniqueFd fd_;
  LedgerIndex index_{Keep::tail};
  std::uint64_t believed_ = 0;
};

}  // namespace sluice::hls
