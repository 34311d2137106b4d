#include "hls/ledger_view.hpp"

#include <algorithm>
#include <utility>

namespace sluice::hls {

LedgerView::LedgerView(std::string directory, double keep_parts_s) : ledger_(std::move(directory)), keep_parts_s_(keep_parts_s) {}

void LedgerView::take(const Record& record) {
  stream_.apply(record, std::max(keep_parts_s_, 6.0 * stream_.target_duration_s));
}

std::size_t LedgerView::feed(ByteView bytes) {
  return ledger_.feed(bytes, [this](const Record& record) { take(record); });
}

Result<bool> LedgerView::poll() {
  return ledger_.poll([this](const Record& record) { take(record); });
}

}  // namespace sluice::hls
