// A stream's memory for the process that goes on with it: its clocks, its tracks, the packets that no ledger has yet.
#include "media/snapshot.hpp"

#include <algorithm>

#include "media/lifecycle.hpp"

namespace sluice::media {

// ---- Timeline

template <class Self, class Archive>
void Timeline::Clocking::fields(Self& self, Archive& archive) {
  archive(self.known, self.kind, self.timescale, self.frame, self.started, self.raw, self.offset, self.step, self.seen, self.next);
  archive.check(self.timescale > 0, "a track that counts no time");
}
void Timeline::Clocking::save(SnapshotWriter& out) const { fields(*this, out); }
void Timeline::Clocking::restore(SnapshotReader& in) { fields(*this, in); }

template <class Self, class Archive>
void Timeline::fields(Self& self, Archive& archive) {
  archive.section("time line", 2);
  archive(self.clock_, self.tick_, self.tracks_, self.first_raw_, self.first_us_, self.wide_, self.reached_us_, self.repairs_);
  archive.check(is_source_time(self.first_us_) && is_source_time(self.reached_us_), "a time line out of all time");
}
void Timeline::save(SnapshotWriter& out) const { fields(*this, out); }
void Timeline::restore(SnapshotReader& in) {
  fields(*this, in);
  if (in.failed()) *this = Timeline(policy_);
}

// ---- Intake

template <class Self, class Archive>
void Intake::fields(Self& self, Archive& archive) {
  archive.section("intake", 2);
  archive(self.timeline_, self.clock_, self.tracks_, self.clocks_, self.video_expected_, self.audio_expected_, self.run_, self.next_run_,
          self.base_us_, self.fresh_, self.discontinuity_, self.changed_, self.paused_, self.waiting_since_, self.waiting_, self.waiting_bytes_, self.gops_,
          self.last_key_us_, self.counts_);
  archive.check(is_source_time(self.last_key_us_.value_or(0)) && std::ranges::all_of(self.gops_, is_source_time), "keyframes out of all time");
}
void Intake::save(SnapshotWriter& out) const { fields(*this, out); }
void Intake::restore(SnapshotReader& in) {
  fields(*this, in);
  for (const PublisherTrack& track : tracks_) in.check(!track.at || (run_ && *track.at < run_->tracks.size()), "a track of no run");
  for (const PublisherTrack& track : tracks_) in.check(track.rendition.empty() || track.track, "a rendition of no track");
  for (const PublisherTrack& track : tracks_) in.check(track.clock < clocks_.size(), "a track of no clock");
  for (const auto& [track, clock] : clocks_) in.check(clock < clocks_.size(), "a clock that is not there");
  in.check(!paused_ || run_, "a pause of no run");
  for (const Offered& packet : waiting_) in.check(find(packet.kind, packet.id) != nullptr, "a packet that waits for no track");
  if (in.failed()) begin(0, false);
}

// ---- Retention

template <class Self, class Archive>
void Retention::Start::fields(Self& self, Archive& archive) {
  archive(self.run, self.lead, self.dts_us, self.video);
  archive.check(is_source_time(self.dts_us), "a start out of all time");
  archive.check(self.run && self.video.size() == self.run->tracks.size(), "a start of no run");
}
void Retention::Start::save(SnapshotWriter& out) const { fields(*this, out); }
void Retention::Start::restore(SnapshotReader& in) { fields(*this, in); }

template <class Self, class Archive>
void Retention::fields(Self& self, Archive& archive) {
  archive.section("retention", 2);
  archive(self.packets_, self.next_serial_, self.cursor_, self.rewound_, self.wait_for_start_, self.torn_, self.newest_us_, self.passed_us_, self.counts_);
  archive.check(is_source_time(self.newest_us_) && is_source_time(self.passed_us_), "packets out of all time");
}
void Retention::save(SnapshotWriter& out) const { fields(*this, out); }
void Retention::restore(SnapshotReader& in) {
  fields(*this, in);
  bytes_ = 0;
  starts_.clear();
  std::uint64_t expected = packets_.empty() ? next_serial_ : packets_.front().serial;
  for (const Retained& kept : packets_) {
    if (in.failed()) break;
    in.check(kept.serial == expected++, "packets out of order");
    bytes_ += kept.packet.data.size();
    if (kept.start) starts_.push_back(kept.serial);
  }
  in.check(expected == next_serial_ && cursor_ <= next_serial_, "packets that are not there");
  in.check(cursor_ >= (packets_.empty() ? next_serial_ : packets_.front().serial), "a cursor before what is held");
  if (!in.failed()) return;
  packets_.clear();
  starts_.clear();
  rewound_.reset();
  torn_.clear();
  next_serial_ = cursor_ = bytes_ = 0;
  newest_us_ = passed_us_ = 0;
}

// ---- Lifecycle

template <class Self, class Archive>
void Lifecycle::fields(Self& self, Archive& archive) {
  archive.section("lifecycle", 1);
  archive.choice(self.phase_, Phase::over);
  archive(self.publisher_, self.gone_at_, self.goodbye_, self.data_, self.part_, self.live_, self.marked_, self.ledger_ended_, self.fed_ever_,
          self.finish_tries_, self.failures_, self.restarts_, self.spawned_at_, self.taken_at_, self.closed_at_, self.not_before_);
}
void Lifecycle::save(SnapshotWriter& out) const { fields(*this, out); }
void Lifecycle::restore(SnapshotReader& in) { fields(*this, in); }

}  // namespace sluice::media
