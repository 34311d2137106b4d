#pragma once
// One of a publisher's tracks, as the Intake sees it: its configuration, where its keyframes stand beside those of the leading
// track, and whether it still comes. Raw times are ticks of the publisher's clock.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "media/timeline.hpp"
#include "media/track.hpp"

namespace sluice::media {

// The way from one clock value to another, of which the clock's bits count.
std::int64_t ticks_between(PublisherClock clock, std::uint64_t from, std::uint64_t to);
// Less than a frame apart: pictures that belong together.
bool same_instant(PublisherClock clock, std::uint64_t a, std::uint64_t b);

struct PublisherTrack {
  Kind kind = Kind::video;
  std::uint8_t id = 0;                 // multitrack id; tells nothing of quality
  std::size_t clock = 0;               // the timeline's track
  std::optional<Track> track;          // once configured
  std::string rendition;               // once it was in a run: the same for the session
  bool away = false;                   // it stopped while others of its kind went on
  std::uint32_t frame = 0;             // sound: samples in a packet
  std::deque<std::uint64_t> counted;   // pictures whose rate nobody tells: raw times of the last ones
  std::deque<std::uint64_t> keys;      // raw times of the last keyframes
  std::deque<std::uint64_t> shown;     // the same as presented; in no snapshot, the next ones tell
  bool precedes = false;               // its keyframes come just before the leading track's of the same time
  bool astray = false;                 // its keyframes are not shown where the leading track's are, which is where segments are cut

  // Source time of its last packet in any run; nothing before that, when it said its end itself, and in no snapshot.
  std::optional<std::int64_t> came_us;

  // In the run that is open:
  std::optional<std::size_t> at;       // index of its track
  bool awaits_key = false;
  std::int64_t reached_us = 0;         // source time of its last packet
  std::optional<std::int64_t> missed_us;  // where others were when it was first missed

  bool present() const { return track && !away; }

  void count(std::uint64_t raw, std::size_t most);
  void measure_rate(PublisherClock clock);  // from the counted ones, to the nearest rate that cameras have
  void note_key(std::uint64_t raw, std::uint64_t presented);
  // The leading track has a keyframe at `raw`, presented then; `lead` holds those before.
  void compare_keys(const PublisherTrack& lead, std::uint64_t raw, std::uint64_t presented, PublisherClock clock);
};

}  // namespace sluice::media
