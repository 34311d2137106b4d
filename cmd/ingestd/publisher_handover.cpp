// A publisher's connection on its way to another process (handover.hpp): the RTMP session to the byte, and what its media told so far.
#include "media/snapshot.hpp"
#include "rtmp_publisher.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

// ---- Publisher

template <class Self, class Archive>
void Publisher::fields(Self& self, Archive& archive) {
  archive.section("publisher", 1);
  archive(self.program_, self.since_, self.window_began_, self.window_bytes_);
}

void Publisher::save(SnapshotWriter& out) const {
  fields(*this, out);
  out(last_heard());
}

void Publisher::restore(SnapshotReader& in, std::shared_ptr<Stream> stream) {
  fields(*this, in);
  Steady heard;
  in(heard);
  presence_->last_heard = heard;
  presence_->publishing = stream != nullptr;
  stream_ = std::move(stream);
}

void Publisher::moved() {
  closed_ = true;
  stream_.reset();
  presence_->publishing = false;
}

// ---- RtmpPublisher

template <class Self, class Archive>
void RtmpPublisher::fields(Self& self, Archive& archive) {
  archive.section("RTMP publisher", 1);
  archive(self.peer_.host, self.peer_.port, self.session_, self.broken_messages_, self.paused_, self.asked_key_);
}

void RtmpPublisher::save(SnapshotWriter& out) const {
  Publisher::save(out);
  fields(*this, out);
  out(intake_.has_value());
  if (intake_) out(*intake_);
}

void RtmpPublisher::restore(SnapshotReader& in, std::shared_ptr<Stream> stream) {
  Publisher::restore(in, stream);
  fields(*this, in);
  bool publishes = false;
  in(publishes);
  in.check(publishes == (stream != nullptr), "a publisher without its stream");
  if (in.failed() || !publishes) return;
  intake_.emplace(stream->intake());
  in(*intake_);
}

void RtmpPublisher::go_on(os::UniqueFd socket) {
  const auto self = std::static_pointer_cast<RtmpPublisher>(shared_from_this());
  connection_ = net::Connection::adopt(loop_, std::move(socket), self);
  if (paused_) connection_->pause_reading();
  loop_.post([self] {
    if (self->closed()) return;
    self->push();
    self->watch_deadline();
    if (!self->asked_key_.empty()) self->door_.asked(self, self->asked_key_);
  });
}

void RtmpPublisher::freeze() {
  frozen_ = true;
  deadline_.cancel();
  connection_->pause_reading();
}

void RtmpPublisher::thaw() {
  if (!std::exchange(frozen_, false) || closed()) return;
  if (!paused_) connection_->resume_reading();
  watch_deadline();
}

void RtmpPublisher::hand_over() {
  deadline_.cancel();
  (void)connection_->release();  // our copy is closed, the successor's lives
  intake_.reset();
  moved();
}

}  // namespace sluice::ingestd
