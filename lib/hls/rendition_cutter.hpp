#pragma once
// One rendition's packets on their way into parts: decode times made continuous, samples gathered, parts and
// segments closed where the rules and the shared boundaries say. Holds one packet back, because a sample's
// duration is known when the next one comes. Its times are in rendition_times.cpp, what stands for what is missing in rendition_gaps.cpp.
#include <optional>
#include <vector>

#include "hls/boundaries.hpp"
#include "hls/ledger_index.hpp"
#include "hls/segment_operations.hpp"
#include "hls/segment_rules.hpp"

namespace sluice::hls {

class RenditionCutter {
 public:
  RenditionCutter(const LedgerHeader& header, const media::Track& track, std::optional<std::uint32_t> init,
                  Boundaries& boundaries);

  // Goes on where the ledger ends. `new_config`: only what comes after a discontinuity is in the new configuration; what stands for what is missing
  // before it belongs to the one before.
  void resume(const Rendition& so_far, bool new_config);
  // The next part opens segment `msn` with a discontinuity (when there were parts before); time may jump
  // forward.
  void discontinue(MediaSequence msn);

  // `leads`: an audio packet that no video decides for. Appends what follows from it to `out`.
  void push(media::Packet packet, bool leads, Operations& out);
  // Ends what is held and open. The last part closes its segment when the stream has ended.
  void flush(bool last, Operations& out);
  // Gap parts from its end up to `until`, through every boundary between. What is held is flushed first.
  void fill_until(microseconds until, Operations& out);
  // Gap parts until the segments before `msn` all exist.
  void fill_segments_before(MediaSequence msn, Operations& out);
  // The held picture lasts until then, decode time, as far as its segment goes and a part bears: the part that it is in, or one of its own.
  void hold_until(microseconds until, bool within_part, Operations& out);
  // Whether it has the picture of that time, or would have had one of its rate by then.
  bool has_shown(microseconds at) const { return us(shown_ + limits_.frame * 3 / 2) > at; }
  // What it lacks leaves no segment with media and gaps: its last sound stands for it, or it is all gaps.
  bool stands_in() const { return shed_ || sound_; }
  // By how much the segment's first frame is shown after it is decoded.
  microseconds composition() const;
  void shed(Operations& out);  // flushes; from here on gaps take its place until a keyframe comes
  // The segment that the ledger's last part is in has no more: the next part opens the next one.
  void close_segment() { closed_ = true; }
  // What is fed from `at` on is in no ledger, though the last frame's usual length may reach beyond it.
  void begin_run(microseconds at) { run_begins_ = ticks(at); }
  MediaSequence segment() const { return msn_; }
  bool is_open() const { return next_part_ > 0 && !closed_; }  // that segment: it has parts, and may have more
  bool is_shed() const { return shed_; }
  void go(Operations& out);    // nothing feeds it any more: gaps from here on
  void require_keys(bool so) { requires_keys_ = so; }  // a segment that another video began and that has no keyframe here is a gap
  void expect_back() { expected_back_ = shed_; }  // announced: its next keyframe ends the gaps
  bool expected_back() const { return expected_back_; }

  const media::Track& track() const { return track_; }
  bool started() const { return started_; }
  bool awaits_start() const { return free_start_; }  // of its first or a discontinuous timeline
  void begin_at(microseconds at);                    // that start: with gaps, where it sends nothing
  // Where it will go on: the end of its last sample, the held one counted.
  microseconds position() const;
  // Decode time before which no packet closes its open part, going by the usual length and the boundaries that others have set; its
  // position while none is open.
  microseconds part_due() const;
  MediaSequence after_last() const { return next_part_ > 0 ? msn_ + 1 : msn_; }  // first MSN without a part
  MediaSequence next_msn() const { return closed_ ? msn_ + 1 : msn_; }           // of the next part

 private:
  struct Held {
    media::Packet packet;
    std::int64_t start = 0;
  };

  bool joins(const media::Packet& packet, Operations& out);
  std::optional<std::int64_t> place(const media::Packet& packet, Operations& out);
  const Boundary* break_before(const media::Packet& packet, std::int64_t start) const;
  void stop(bool gone, Operations& out);
  std::int64_t no_later(std::int64_t dts) const;
  std::int64_t held_end() const;
  std::int64_t held_most() const;
  std::int64_t sound_until(const Held& held, std::int64_t next_start) const;
  const Boundary* cut_at(const media::Packet& packet, std::int64_t start, bool leads) const;
  bool part_ends(std::int64_t start) const;
  void append_held(std::int64_t next_start, Operations& out);
  void close_part(bool last, Operations& out);
  void start_segment(MediaSequence msn, std::int64_t at);
  void emit_gap(std::int64_t until, bool last, Operations& out, const media::Packet* sound);
  // Up to `until`, in gap parts, or in parts of one frame of sound each.
  void fill(std::int64_t until, Operations& out);
  std::int64_t usual(const media::Packet& packet) const;  // how long it lasts
  std::int64_t tolerance(const media::Packet& packet) const;  // by which its decode time may be off
  microseconds us(std::int64_t ticks) const { return to_us(ticks, track_.timescale); }
  std::int64_t ticks(microseconds at) const { return to_ticks(at, track_.timescale); }
  bool video() const { return track_.kind() == media::Kind::video; }
  void remark(Remark::What what, std::int64_t at, std::int64_t length, Operations& out) const;

  media::Track track_;
  std::optional<std::uint32_t> init_, next_init_;  // the latter from the next discontinuity on
  CutLimits limits_;
  microseconds forced_length_;
  Boundaries& boundaries_;

  bool started_ = false;  // it has parts, here or in the ledger
  bool resumed_ = false;  // the next packet is the first of this writer
  bool needs_key_ = true;
  bool free_start_ = true;      // the next part may start anywhere at or after end_
  bool discontinuity_ = false;  // the next part carries D
  bool shed_ = false;
  bool gone_ = false;  // and told so: nothing feeds it
  bool expected_back_ = false;
  bool requires_keys_ = false;
  bool closed_ = false;  // the last part had L
  bool empty_ = false;   // the segment has nothing but gaps yet
  MediaSequence msn_ = 0;
  std::uint32_t next_part_ = 0;
  std::int64_t segment_start_ = 0;
  std::int64_t end_ = 0;  // of the last part or open sample, ticks
  std::int64_t source_end_ = 0;  // the same in the times that it is fed with: later, where the next begins early
  std::optional<std::int64_t> run_begins_;  // until the first packet has its place

  std::optional<Held> held_;
  std::int64_t part_start_ = 0;
  std::int64_t shown_ = 0;  // the latest presentation time of what this writer was given
  std::int64_t composition_ = 0;  // of the last segment's first frame
  std::vector<Sample> samples_;
  std::vector<media::Packet> packets_;
  std::optional<media::Packet> sound_;  // the last frame of it, to bridge what is missing
};

}  // namespace sluice::hls
