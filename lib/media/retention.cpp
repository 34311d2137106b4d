#include "media/retention.hpp"

#include <algorithm>

namespace sluice::media {

namespace {
bool is_video(const Retained& kept) { return kept.run->tracks[kept.packet.track].kind() == Kind::video; }
}

void Retention::add(std::shared_ptr<const Run> run, Packet packet) {
  const Track& track = run->tracks.at(packet.track);
  const bool start = run->has_video() ? track.kind() == Kind::video && packet.key : true;
  if (wait_for_start_ && !(start && packet.track == 0)) {
    ++counts_.dropped_packets;
    if (track.kind() == Kind::video) torn_.emplace(run->number, packet.track);
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

bool Retention::over_the_cap() const {
  if (packets_.empty()) return false;
  return bytes_ > limits_.bytes || packets_.size() > limits_.packets || newest_us_ - std::max(packets_.front().dts_us, passed_us_) > limits_.time.count();
}

void Retention::trim() {
  while (over_the_cap()) {
    const bool another = std::ranges::any_of(starts_, [this](std::uint64_t serial) { return serial > packets_.front().serial && at(serial).leads(); });
    if (another || !forget_oldest_fed()) drop_oldest_gop();
  }
}

// The pipeline has it and needs what follows.
bool Retention::forget_oldest_fed() {
  if (packets_.front().serial >= cursor_) return false;
  if (packets_.front().leads()) ++counts_.forgotten_gops;
  pop_front();
  return true;
}

void Retention::drop_oldest_gop() {
  const std::uint64_t lost_before = counts_.dropped_packets;
  bool held_start = false;
  do {
    const Retained& front = packets_.front();
    if (front.serial >= cursor_ && !skipped(front)) {
      ++counts_.dropped_packets;
      if (is_video(front)) torn_.emplace(front.run->number, front.packet.track);
    }
    held_start = held_start || front.start;
    pop_front();
  } while (!packets_.empty() && !packets_.front().leads());
  if (packets_.empty()) wait_for_start_ = true;
  if (counts_.dropped_packets > lost_before) ++counts_.dropped_gops;
  else if (held_start) ++counts_.forgotten_gops;
  cursor_ = std::max(cursor_, packets_.empty() ? next_serial_ : packets_.front().serial);
}

bool Retention::needed(const Start& start, const Retained& kept) {
  if (kept.run != start.run) return kept.serial >= start.lead;
  if (is_video(kept)) return kept.serial >= start.video[kept.packet.track];
  return kept.serial >= start.lead || kept.end_us > start.dts_us;
}

bool Retention::skipped(const Retained& kept) const { return rewound_ && !needed(*rewound_, kept); }

// Whether the packet leans on one that was dropped.
bool Retention::torn(const Retained& kept) {
  const auto track = torn_.find({kept.run->number, kept.packet.track});
  if (track == torn_.end() || !is_video(kept)) return false;
  if (!kept.packet.key) return true;
  torn_.erase(track);
  return false;
}

const Retained* Retention::peek() {
  for (; cursor_ < next_serial_; ++cursor_) {
    const Retained& next = at(cursor_);
    if (skipped(next)) continue;
    if (!torn(next)) return &next;
    ++counts_.dropped_packets;
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

std::optional<Retention::Start> Retention::start_for(std::int64_t us) const {
  std::optional<std::uint64_t> lead;
  for (const std::uint64_t serial : starts_) {
    if (!at(serial).leads() || (lead && at(serial).pts_us > us)) continue;
    lead = serial;
  }
  if (!lead && starts_.empty()) return std::nullopt;
  Start start{};
  start.lead = lead.value_or(starts_.front());
  start.run = at(start.lead).run;
  start.dts_us = at(start.lead).dts_us;
  // Keyframes of the other tracks need not stand where the leading one's do, nor come in that order.
  std::vector<std::optional<std::uint64_t>> first(start.run->tracks.size());
  for (const std::uint64_t serial : starts_) {
    const Retained& kept = at(serial);
    if (kept.run != start.run) continue;
    std::optional<std::uint64_t>& own = first[kept.packet.track];
    if (!own || kept.pts_us <= us) own = serial;
  }
  for (const auto& serial : first) start.video.push_back(serial.value_or(next_serial_));
  start.video[at(start.lead).packet.track] = start.lead;
  return start;
}

std::optional<std::int64_t> Retention::rewind(std::int64_t us) {
  auto start = start_for(us);
  if (!start) {
    lose_unfed(next_serial_);
    wait_for_start_ = wait_for_start_ || !packets_.empty();
    while (!packets_.empty()) pop_front();
    return std::nullopt;
  }
  lose_unfed(start->lead);
  torn_.clear();
  for (std::size_t track = 0; track < start->video.size(); ++track)
    if (start->video[track] == next_serial_) torn_.emplace(start->run->number, track);  // its keyframe is no longer held
  const std::int64_t pts_us = at(start->lead).pts_us;
  cursor_ = packets_.front().serial;
  while (!needed(*start, at(cursor_))) ++cursor_;
  rewound_ = std::move(start);
  return pts_us;
}

std::optional<std::int64_t> Retention::repeat(const std::shared_ptr<const Run>& run, std::int64_t from_us) {
  const auto start = start_for(INT64_MAX);
  if (!start || start->run != packets_.back().run || !at(start->lead).leads()) return std::nullopt;
  std::vector<Retained> open;
  std::int64_t earliest = at(start->lead).dts_us;
  for (const Retained& kept : packets_) {
    if (kept.run != start->run || !needed(*start, kept)) continue;
    earliest = std::min(earliest, kept.dts_us);
    open.push_back(kept);
  }
  const std::int64_t by_us = from_us - earliest;
  for (Retained& kept : open) {
    const std::int64_t ticks = rescale(by_us, micro, run->tracks[kept.packet.track].timescale);
    kept.packet.dts += ticks;
    kept.packet.pts += ticks;
    add(run, std::move(kept.packet));
  }
  return by_us;
}

// Of what the pipeline has not taken, before `serial`: its keyframe is no longer held.
void Retention::lose_unfed(std::uint64_t serial) {
  for (; cursor_ < serial; ++cursor_)
    if (is_video(at(cursor_)) && !skipped(at(cursor_))) ++counts_.dropped_packets;
}

void Retention::passed(std::int64_t us) {
  passed_us_ = std::max(passed_us_, us);
  const auto start = start_for(us);
  if (!start) return;
  while (!packets_.empty() && packets_.front().serial < cursor_ && !needed(*start, packets_.front())) pop_front();
}

void Retention::clear() {
  while (!packets_.empty()) pop_front();
  cursor_ = next_serial_;
  rewound_.reset();
  torn_.clear();
}

}  // namespace sluice::media
