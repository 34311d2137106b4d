// A stream on its way to another process: its pipeline is killed, then what it remembers goes as bytes. The successor feeds a pipeline of
// its own from the ledger's end, as after any pipeline that died (decision 1).
#include "log/log.hpp"
#include "measures.hpp"
#include "media/snapshot.hpp"
#include "publisher.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

bool Stream::can_move() const {
  // A command without a ledger gets the stream once: another could not go on where it was.
  return around_.config.feed != Feed::command && life_.open() && !over_;
}

void Stream::hold() {
  if (life_.held()) return;
  life_.hold();
  end_absence();
  if (lock_wanted_since_) lock_retry_.after(Steady::duration::zero(), [this] { start_pipeline(); });  // where it is withdrawn
  act();
}

void Stream::thaw() {
  frozen_ = false;
  life_.go_on();
  armed_for_.reset();
  await_media();
  pump();
}

void Stream::hand_over() {
  over_ = true;
  end_absence();
  gaps_.reset();
  pipeline_.reset();
  if (held_.live) measures().streams.Decrement();
  if (publisher_) measures().publishers.Decrement();
  publisher_.reset();
  deadline_.cancel();
  keeping_.cancel();
  platform_retry_.cancel();
  lock_retry_.cancel();
}

template <class Self, class Archive>
void Stream::fields(Self& self, Archive& archive) {
  archive.section("stream", 2);
  archive(self.retention_, self.intake_, self.life_, self.epoch_ms_, self.generation_, self.last_run_, self.generation_from_us_, self.run_from_us_,
          self.fed_us_, self.ledger_end_us_, self.rewind_, self.incomplete_, self.counted_bytes_, self.bits_per_second_, self.counted_drops_,
          self.counted_dropped_gops_, self.advised_, self.announced_, self.working_, self.failed_);
  archive.check(self.failed_.empty() || !self.working_.empty(), "a command that failed where none had worked");
}
void Stream::save(SnapshotWriter& out) const { fields(*this, out); }
void Stream::restore(SnapshotReader& in) { fields(*this, in); }

void Stream::rejoin(std::shared_ptr<Publisher> publisher) {
  publisher_ = std::move(publisher);
  measures().publishers.Increment();
}

void Stream::go_on() {
  renew();  // the lease is as old as the other process left it
  if (held_.live && !announced_) go_live();
  life_.silent(publisher_ && intake_.paused());
  await_media();
  pump();
}

}  // namespace sluice::ingestd
