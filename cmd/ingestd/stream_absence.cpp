// A stream whose publisher is away: after a moment its ledger goes on in gaps, at the pace of the clock, until the publisher is back or the
// stream ends.
#include "log/log.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr milliseconds short_absence{1500};  // players bear it: encoders that reconnect at once leave no gap
}

void Stream::await_publisher() {
  if (publisher_ || !ledger_ || !life_.open() || over_) return;
  absence_.every(ledger_->part().value_or(milliseconds(500)), [this] { fill_absence(); });
}

void Stream::fill_absence() {
  const bool waiting = !publisher_ && life_.open() && !life_.held() && !frozen_ && !over_;
  if (!waiting) return end_absence();
  if (!gaps_ && (!life_.idle() || lock_wanted_since_ || retention_.peek() != nullptr)) return;  // a pipeline has something to write yet
  if (!ledger_->last_written()) return;
  const Steady at = now();  // by the time of day a clock that is set would be an absence of hours
  if (!absent_) {
    if (at - written_at_ < short_absence) return;
    absent_ = Absent{written_at_, ledger_->greatest_end()};
    auto started = GapWriter::start(around_.loop, environment(), [this](os::ExitStatus status) {
      if (!status.good()) log::error("the writer of gaps failed", {{"stream", held_.stream.value()}, {"how", status.text()}});
      gaps_.reset();
      act();
    });
    if (!started) return log::error("no gaps can be written", {{"stream", held_.stream.value()}, started.error()});
    gaps_ = std::move(*started);
    log::info("gaps take the publisher's place", {{"stream", held_.stream.value()}, {"from_us", absent_->from_us}});
  }
  if (!gaps_) return;
  gaps_until_us_ = absent_->from_us + std::chrono::duration_cast<microseconds>(at - absent_->since).count();
  gaps_->fill_until(gaps_until_us_);
}

void Stream::end_absence() {
  absence_.cancel();
  absent_.reset();
  if (gaps_) gaps_->close();
}

}  // namespace sluice::ingestd
