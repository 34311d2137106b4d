#pragma once
// Follows a ledger on disk and keeps the StreamView that playlists are drawn from: poll() reads what has been appended.
// The rules of what is believed are LedgerIndex's; of the past only what playlists show is kept (hours cost little).
#include <string>

#include "base/result.hpp"
#include "hls/ledger_feed.hpp"
#include "hls/view.hpp"

namespace sluice::hls {

class LedgerView {
 public:
  // Parts are kept for `keep_parts_s` behind the live edge, or for six target durations if that is more: three that list them
  // and three more in which they must stay fetchable (RFC 8216bis 6.2.2); by the media's time, and by the clock.
  explicit LedgerView(std::string directory, double keep_parts_s = 0);

  // True when something new was believed. Errc::not_found while there is no index; Errc::invalid when the index is damaged or has
  // become shorter than what was believed (start again with a new view).
  Result<bool> poll();
  // The same from bytes of an index, for those that have it in memory; returns how many were believed.
  std::size_t feed(ByteView bytes);

  const StreamView& stream() const { return stream_; }
  bool begun() const { return ledger_.index().header().has_value(); }
  const std::string& directory() const { return ledger_.directory(); }

 private:
  void take(const Record& record);

  LedgerFeed ledger_;
  double keep_parts_s_;
  StreamView stream_;
};

}  // namespace sluice::hls
