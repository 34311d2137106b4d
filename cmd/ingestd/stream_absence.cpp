// A stream whose publisher is away, or connected and silent: after a moment its ledger goes on in gaps, at the pace of the clock, until media
// comes again or the stream ends.
#include <algorithm>

#include "log/log.hpp"
#include "publisher.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr milliseconds short_absence{1500};  // players bear it: encoders that reconnect at once leave no gap
}

void Stream::await_media() {
  if (!ledger_ || !life_.open() || over_) return;
  if (publisher_ && !intake_.paused()) return absence_.after(short_absence, [this] { look_for_silence(); });
  absence_.every(ledger_->part().value_or(milliseconds(500)), [this] { fill_absence(); });
}

// Source time where media that comes now has its place: now, or behind what there is already, or will be.
std::int64_t Stream::goes_on_at() const {
  std::int64_t us = 0;
  if (epoch_ms_) us = (system_clock().wall().time_since_epoch().count() - *epoch_ms_) * 1000;
  return ledger_ ? std::max({us, ledger_->greatest_end(), gaps_until_us_}) : us;
}

// What was accepted since it was last called, of any track.
void Stream::note_media() {
  const Steady at = now();
  if (intake_.can_resume(at)) {
    log::info("the publisher sends again", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}});
    end_absence();
    intake_.resume(goes_on_at(), at);
    life_.silent(false);
    await_media();
    media_at_ = at;
  }
  if (intake_.counts().packets == media_counted_) return;
  media_counted_ = intake_.counts().packets;
  media_step_ = at - media_at_;
  media_at_ = at;
  const microseconds part = ledger_ ? ledger_->part_target().value_or(microseconds(0)) : microseconds(0);
  if (intake_.reached() < clock_us_ + part.count()) return;
  clock_us_ = intake_.reached();
  clock_moved_ = at;
}

// Longer than packets are apart, where these are few.
Steady::duration Stream::silence_borne() const {
  const Steady::duration parts = 2 * ledger_->part_target().value_or(microseconds(0));
  return std::max({Steady::duration(short_absence), parts, 2 * media_step_});
}

void Stream::look_for_silence() {
  if (!publisher_ || over_) return;
  const auto left = media_at_ + silence_borne() - now();
  // While its pipeline has something to write yet, the ledger goes on.
  const bool due = left <= Steady::duration::zero() && ledger_->last_written() && retention_.peek() == nullptr && !life_.held() && !frozen_;
  if (due) intake_.pause();
  if (!intake_.paused()) return absence_.after(std::clamp<Steady::duration>(left, milliseconds(100), short_absence), [this] { look_for_silence(); });
  log::info("the publisher sends nothing", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}});
  life_.silent(true);
  await_media();
  act();
}

void Stream::fill_absence() {
  const bool waiting = (!publisher_ || intake_.paused()) && life_.open() && !life_.held() && !frozen_ && !over_;
  if (!waiting) return end_absence();
  if (!gaps_ && (!life_.idle() || lock_wanted_since_ || retention_.peek() != nullptr)) return;  // a pipeline has something to write yet
  if (!ledger_->last_written()) return;
  const Steady at = now();  // by the time of day a clock that is set would be an absence of hours
  if (!absent_) {
    // Of who is silent, the half part that was written at the end came late.
    const Steady since = intake_.paused() ? std::min(media_at_, written_at_) : written_at_;
    if (at - since < short_absence) return;
    absent_ = Absent{since, ledger_->greatest_end()};
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
