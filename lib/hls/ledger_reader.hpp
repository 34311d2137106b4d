#pragma once
// Follows a ledger directory while it is written: poll() reads what has been appended since the last one.
// Any number of readers; none disturbs the writer. Wake it by inotify (IN_MODIFY) on index_path(), or by a
// timer.
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hls/ledger_index.hpp"
#include "os/unique_fd.hpp"

namespace sluice::hls {

class LedgerReader {
 public:
  explicit LedgerReader(std::string directory, Keep keep = Keep::all);

  // True when something new was believed. Errc::not_found while there is no index; Errc::invalid when the
  // index has become shorter than what was believed (a writer cut it after a power loss): start again with a
  // new reader.
  Result<bool> poll();

  const std::string& directory() const { return directory_; }
  std::string index_path() const { return directory_ + "/index"; }
  std::string path(std::string_view inside) const {
    return directory_ + "/" + std::string(inside);
  }  // of init_path(), segment_path()

  const LedgerIndex& index() const { return index_; }
  const std::optional<LedgerHeader>& header() const { return index_.header(); }
  const std::vector<Rendition>& renditions() const { return index_.renditions(); }
  const Rendition* find(std::string_view rendition) const { return index_.find(rendition); }
  MediaSequence removed_before() const { return index_.removed_before(); }
  bool ended() const { return index_.ended_ms().has_value(); }
  // Where the rendition's ledger ends, in source time: a sender may forget what lies before. 0 before its
  // first part.
  microseconds end_of(std::string_view rendition) const;

 private:
  std::string directory_;
  os::UniqueFd fd_;
  LedgerIndex index_;
};

}  // namespace sluice::hls
