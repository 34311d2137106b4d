#include "media/retention.hpp"

#include <algorithm>

namespace sluice::media {

namespace {
constexpr std::int64_t micro = 1'000'000;
}

void Retention::add(std::shared_ptr<const Run> run, Packet packet) {
  const Track& track = run->tracks.at(packet.track);
  const bool start = run->has_video() ? track.kind() == Kind::video && packet.key : true;
  if (wait_for_start_ && !start) {
    ++counts_.dropped_packets;
    return;
  }
  wait_for_start_ = false;

  Retained kept;
  kept.serial = next_serial_++;
  kept.dts_us = rescale(packet.dts, track.timescale, micro);
  kept.pts_us = rescale(packet.pts, track.timescale, micro);
  kept.end_us = rescale(packet.dts + packet.duration, track.timescale, micro);
  kept.start = start;
  kept.run = std::move(run);
  kept.packet = std::move(packet);
  newest_us_ = std::max(newest_us_, kept.dts_us);
  bytes_ += kept.packet.data.size();
  if (start) starts_.push_back(kept.serial);
  packets_.push_back(std::move(kept));
  trim();
}

microseconds Retention::span() const {
  return microseconds(packets_.empty() ? 0 : newest_us_ - packets_.front().dts_us);
}

void Retention::pop_front() {
  const Retained& front = packets_.front();
  bytes_ -= front.packet.data.size();
  if (!starts_.empty() && starts_.front() == front.serial) starts_.pop_front();
  packets_.pop_front();
}

void Retention::trim() {
  while (!packets_.empty() && (bytes_ > limits_.bytes || span() > limits_.time)) drop_oldest_gop();
}

void Retention::drop_oldest_gop() {
  const std::uint64_t lost_before = counts_.dropped_packets;
  bool held_start = false;
  do {
    const Retained& front = packets_.front();
    if (front.serial >= cursor_ && !skipped(front)) ++counts_.dropped_packets;
    held_start = held_start || front.start;
    pop_front();
  } while (!packets_.empty() && !packets_.front().start);
  if (packets_.empty()) wait_for_start_ = true;
  if (counts_.dropped_packets > lost_before) ++counts_.dropped_gops;
  else if (held_start) ++counts_.forgotten_gops;
  cursor_ = std::max(cursor_, packets_.empty() ? next_serial_ : packets_.front().serial);
}

bool Retention::skipped(const Retained& kept) const {
  return kept.serial < video_from_ && kept.run->tracks[kept.packet.track].kind() == Kind::video;
}

const Retained* Retention::peek() {
  while (cursor_ < next_serial_) {
    const Retained& next = packets_[cursor_ - packets_.front().serial];
    if (!skipped(next)) return &next;
    ++cursor_;
  }
  return nullptr;
}

void Retention::advance() {
  if (peek() != nullptr) ++cursor_;
}

std::shared_ptr<const Run> Retention::next_run() {
  const Retained* next = peek();
  return next == nullptr ? nullptr : next->run;
}

std::optional<std::int64_t> Retention::rewind(std::int64_t us) {
  if (starts_.empty()) return std::nullopt;
  const std::uint64_t first = packets_.front().serial;
  auto at = [&](std::uint64_t serial) -> const Retained& { return packets_[serial - first]; };
  std::uint64_t start = starts_.front();
  for (auto candidate = starts_.rbegin(); candidate != starts_.rend(); ++candidate) {
    if (at(*candidate).pts_us > us) continue;
    start = *candidate;
    break;
  }
  const Retained& key = at(start);
  cursor_ = start;
  video_from_ = start;
  for (std::uint64_t serial = start; serial-- > first;) {
    const Retained& earlier = at(serial);
    if (earlier.run != key.run) break;
    if (earlier.run->tracks[earlier.packet.track].kind() == Kind::audio && earlier.end_us > key.dts_us) cursor_ = serial;
  }
  return key.pts_us;
}

void Retention::passed(std::int64_t us) {
  if (starts_.empty()) return;
  const std::uint64_t first = packets_.front().serial;
  std::uint64_t keep = starts_.front();
  std::int64_t from_us = packets_[keep - first].dts_us;
  for (std::uint64_t start : starts_) {
    const Retained& kept = packets_[start - first];
    if (kept.pts_us > us) break;
    keep = start;
    from_us = kept.dts_us;
  }
  while (!packets_.empty()) {
    const Retained& front = packets_.front();
    if (front.serial >= keep || front.serial >= cursor_) break;
    if (front.run->tracks[front.packet.track].kind() == Kind::audio && front.end_us > from_us) break;
    pop_front();
  }
}

void Retention::clear() {
  while (!packets_.empty()) pop_front();
  cursor_ = next_serial_;
  video_from_ = 0;
}

}  // namespace sluice::media
