#include "srt_publisher.hpp"

#include "log/log.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

SrtPublisher::SrtPublisher(net::Loop& loop, const Limits& limits, Door door, std::shared_ptr<srt::Session> session)
    : Publisher(limits, std::move(door)), session_(std::move(session)), silence_(loop) {
  program_ = "libsrt " + session_->peer_version();
}

void SrtPublisher::welcome() {
  watch_silence();
  session_->start(std::static_pointer_cast<SrtPublisher>(shared_from_this()));
}

void SrtPublisher::on_data(ByteView bytes) {
  const auto keep = shared_from_this();
  heard(bytes.size());
  if (intake_) intake_->receive(bytes, last_heard());
  if (!took_in(bytes.size())) {
    leave(true);
    close();
  }
}

// libsrt notices a dead peer; one that lives and sends nothing is ours to notice.
void SrtPublisher::watch_silence() {
  const auto left = last_heard() + limits_.idle - system_clock().steady();
  silence_.after(std::max(left, Steady::duration(milliseconds(1))), [this] {
    if (system_clock().steady() - last_heard() < limits_.idle) return watch_silence();
    const auto keep = shared_from_this();
    log::info("session ended", {{"peer", address()}, {"why", "nothing was sent for the idle time"}});
    leave(false);
    close();
  });
}

void SrtPublisher::end_media() {
  if (intake_) {
    const auto counts = intake_->counts();
    log::debug("transport stream", {{"peer", address()},
                                    {"packets", counts.packets},
                                    {"skipped_bytes", counts.skipped_bytes},
                                    {"continuity_errors", counts.continuity_errors},
                                    {"broken", counts.broken},
                                    {"damaged_units", counts.damaged_units}});
  }
  intake_.reset();
}

void SrtPublisher::refuse(Refusal, const std::string&) { close(); }

void SrtPublisher::move_on() {
  const auto keep = shared_from_this();
  leave(false);
  close();
}

void SrtPublisher::limits_changed() {
  if (intake_) intake_->set_longest(limits_.message_bytes);
  if (stream_) watch_silence();
}

void SrtPublisher::close() {
  silence_.cancel();
  session_->close();
  gone();
}

void SrtPublisher::on_closed(const Error& why) {
  const auto keep = shared_from_this();
  silence_.cancel();
  log::debug("connection closed", {{"peer", address()}, why});
  if (intake_) intake_->finish(last_heard());  // the last picture is whole
  gone();
}

}  // namespace sluice::ingestd
