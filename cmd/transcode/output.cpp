#include "output.hpp"

namespace sluice::transcode {

Output::Output(pipe::Writer writer, std::size_t tracks, std::function<void()> broken)
    : writer_(std::move(writer)), sent_(tracks), broken_(std::move(broken)) {}

void Output::note(Result<> written) {
  if (written || !error_) return;
  error_ = std::move(written);
  broken_();
}

void Output::write(std::size_t track, media::Packet packet) {
  packet.track = track;
  std::lock_guard lock(mutex_);
  if (!error_ || packet.pts < 0) return;
  ++sent_[track].packets;
  sent_[track].bytes += packet.data.size();
  note(writer_.write(packet));
}

void Output::write(const pipe::Notice& notice) {
  std::lock_guard lock(mutex_);
  if (error_) note(writer_.write(notice));
}

Result<> Output::finish(bool whole) {
  std::lock_guard lock(mutex_);
  if (error_ && whole) note(writer_.finish());
  return error_;
}

std::vector<Output::Sent> Output::sent() const {
  std::lock_guard lock(mutex_);
  return sent_;
}

}  // namespace sluice::transcode
