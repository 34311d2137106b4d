#include "hls/segmenter.hpp"

#include <algorithm>
#include <utility>

#include "hls/segmenter_lane.hpp"

namespace sluice::hls {
namespace {

// A follower waits for the video that fixes its boundaries; longer than an encoder's delay, then it goes on alone.
constexpr microseconds follower_wait{5'000'000};
// The tracks of a publisher's own ladder come in the order of their times, and none is encoded: a first one that is so far behind another
// has stopped, and leads no more. Until then all playlists stand still, and players hold back three parts.
constexpr microseconds ladder_wait{700'000};
// What audio may have before the first picture.
constexpr microseconds audio_lead{200'000};
// What a follower may add to a segment of forced_length(), less a frame of sound.
constexpr microseconds followers_room{70'000};
// Renditions may end so far apart at a break: tracks never end on the same microsecond, and 0.3 s is too much between the beginnings
// of segments, of which B-frames take their share.
constexpr microseconds ragged{100'000};

}  // namespace

Segmenter::~Segmenter() = default;

// Before a break: what a rendition lacks of the others' time is made up for, or its next segment would begin earlier than theirs. Its
// last picture, for as long as a part bears, or its last sound stands for it; gaps, which would leave a segment shorter than its
// EXTINF, only for more than a part.
void Segmenter::align_ends(Operations& out) {
  microseconds furthest{0};
  for (const auto& lane : lanes_)
    if (lane->cutter.started()) furthest = std::max(furthest, lane->cutter.position());
  for (const auto& lane : lanes_) {
    RenditionCutter& cutter = lane->cutter;
    if (!cutter.started()) continue;
    if (cutter.awaits_start()) {
      const Boundary* begun = boundaries_.find(first_msn_);
      if (!begun) continue;
      cutter.begin_at(begun->at);
    }
    if (furthest - cutter.position() > ragged) cutter.hold_until(furthest, false, out);
    const microseconds most = cutter.stands_in() ? ragged : milliseconds(header_.part_ms);
    if (furthest - cutter.position() > most) cutter.fill_until(furthest, out);
  }
}

// Closes the open segment everywhere; the next MSN is the same for all, and none before it is missing.
void Segmenter::discontinue(MediaSequence at_least, Operations& out) {
  MediaSequence next = at_least;
  align_ends(out);
  for (const auto& lane : lanes_) {
    if (!lane->cutter.started()) continue;
    lane->cutter.flush(false, out);
    next = std::max(next, lane->cutter.after_last());
  }
  for (const auto& lane : lanes_) lane->cutter.fill_segments_before(next, out);
  for (const auto& lane : lanes_) lane->cutter.discontinue(next);
  first_msn_ = next;
  video_here_ = false;
  video_position_ = microseconds(0);
  boundaries_.clear();
}

void Segmenter::at(Steady now) {
  if (!now_)
    for (const auto& lane : lanes_) lane->heard = now;
  now_ = now;
}

bool Segmenter::silent(const Lane& lane) const { return !now_ || *now_ - lane.heard >= follower_wait; }

bool Segmenter::pictures_come() const {
  return std::ranges::any_of(lanes_, [this](const auto& lane) { return lane->video() && !lane->gone && !silent(*lane); });
}

bool Segmenter::jumps(const Lane& lane, const media::Packet& packet) const {
  const media::Track& track = lane.cutter.track();
  return lane.cutter.started() && !lane.cutter.awaits_start() &&
         to_us(packet.dts, track.timescale) - lane.cutter.position() > longest_hole;
}

void Segmenter::push(media::Packet packet, Operations& out) {
  if (packet.track >= tracks_) return;
  Lane& lane = *lanes_[packet.track];
  if (now_) lane.heard = *now_;
  if (jumps(lane, packet)) {
    for (const auto& other : lanes_) {
      while (!other->waiting.empty() && !jumps(*other, other->waiting.front())) {
        media::Packet before = std::move(other->waiting.front());
        other->waiting.pop_front();
        accept(*other, std::move(before), false, out);
      }
    }
    out.push_back(Remark{Remark::What::jump, lane.cutter.track().rendition, lane.cutter.position(),
                         to_us(packet.dts, lane.cutter.track().timescale) - lane.cutter.position()});
    discontinue(0, out);
  }
  if (lane.follows) {
    lane.waiting.push_back(std::move(packet));
  } else {
    accept(lane, std::move(packet), true, out);
  }
  if (has_video_) release_followers(out);
  fill_absent(out);
}

// Behind a break sound may come long before a picture that can be decoded: it has segments of its own until then, or its first one would begin earlier than
// the pictures' and be longer than a segment may be.
bool Segmenter::begin_with_sound(microseconds decoded, microseconds shown, Operations& out) {
  const auto begins = [](const Lane& lane) { return !lane.video() && lane.cutter.started() && lane.cutter.awaits_start() && !lane.waiting.empty(); };
  microseconds from = decoded;
  for (const auto& lane : lanes_)
    if (begins(*lane)) from = std::min(from, std::max(to_us(lane->waiting.front().dts, lane->cutter.track().timescale), lane->cutter.position()));
  if (shown - from <= audio_lead || decoded - from <= ragged) return false;
  boundaries_.start({first_msn_, from, false}, false);
  for (const auto& lane : lanes_) {
    if (!begins(*lane)) continue;
    const media::Track& track = lane->cutter.track();
    while (!lane->waiting.empty() && to_us(lane->waiting.front().dts + frame_ticks(track) / 2, track.timescale) < shown) {
      media::Packet packet = std::move(lane->waiting.front());
      lane->waiting.pop_front();
      accept(*lane, std::move(packet), true, out);
    }
  }
  boundaries_.declare_key(shown);
  return true;
}

void Segmenter::accept(Lane& lane, media::Packet packet, bool leads, Operations& out) {
  const media::Track& track = lane.cutter.track();
  const bool video = track.kind() == media::Kind::video;
  const microseconds dts = to_us(packet.dts, track.timescale);
  if (boundaries_.empty()) {
    if (video && !packet.key) {
      out.push_back(Remark{Remark::What::before_keyframe, track.rendition, dts, {}});
      return;
    }
    const microseconds shown = shown_at(to_us(packet.pts, track.timescale), dts, forced_length(header_));
    if (!video || !begin_with_sound(dts, shown, out)) boundaries_.start({first_msn_, shown, false}, video);
  }
  if (video && !video_here_ && (packet.key || lane.cutter.started())) {
    video_here_ = true;
    first_video_ = dts;
    video_position_ = dts;
  }
  if (!video && has_video_ && !lane.cutter.started() && video_here_ && dts < first_video_ - audio_lead)
    return;
  if (!lane.cutter.started() && to_us(packet.pts + packet.duration / 2, track.timescale) < begun_) return;
  if (video && video_here_) video_position_ = std::max(video_position_, dts);
  lane.cutter.push(std::move(packet), leads, out);
}

// The next track that comes, whichever of them has waited long enough first: it leads for whoever feeds us, too.
void Segmenter::change_leader(Operations& out) {
  const auto waits = [](microseconds least) {
    return [least](const auto& lane) {
      return lane->video() && !lane->waiting.empty() &&
             to_us(lane->waiting.back().dts - lane->waiting.front().dts, lane->cutter.track().timescale) >= least;
    };
  };
  if (std::ranges::none_of(lanes_, waits(ladder_wait))) return;
  const auto next = std::ranges::find_if(lanes_, waits(ladder_wait / 2));
  for (const auto& lane : lanes_) {
    if (!lane->video() || lane->gone) continue;
    lane->follows = lane != *next;
    lane->cutter.require_keys(lane->follows);
  }
  for (media::Packet& packet : std::exchange((*next)->waiting, {})) accept(**next, std::move(packet), true, out);
}

void Segmenter::release_followers(Operations& out) {
  change_leader(out);
  for (const auto& lane : lanes_) {
    std::deque<media::Packet>& waiting = lane->waiting;
    const std::uint32_t timescale = lane->cutter.track().timescale;
    while (!waiting.empty()) {
      const microseconds dts = to_us(waiting.front().dts, timescale);
      const bool decided = video_here_ && lane->decided_at(waiting.front()) <= video_position_;
      const microseconds waits = to_us(waiting.back().dts, timescale) - dts;
      const bool leads = !decided && (waits >= longest_hole || (waits >= follower_wait && !pictures_come()));
      if (!decided && !leads) break;
      media::Packet packet = std::move(waiting.front());
      waiting.pop_front();
      accept(*lane, std::move(packet), leads, out);
    }
  }
}

void Segmenter::shed(std::string_view rendition, Operations& out) {
  for (const auto& lane : lanes_)
    if (lane->cutter.track().rendition == rendition) lane->cutter.shed(out);
}

void Segmenter::expect_back(std::string_view rendition) {
  for (const auto& lane : lanes_)
    if (lane->cutter.track().rendition == rendition) lane->cutter.expect_back();
}

microseconds Segmenter::due() const {
  std::optional<microseconds> due;
  if (has_video_) {
    due = boundaries_.next_key();
    if (!due) return microseconds(0);
  }
  for (const auto& lane : lanes_) {
    if (lane->cutter.is_shed()) continue;
    due = due ? std::min(*due, lane->cutter.part_due()) : lane->cutter.part_due();
  }
  return due.value_or(microseconds(0));
}

// `next`: another writer takes up the picture there, at once; sound that reaches beyond it belongs to the open segment, as far as that bears. More than a
// part of it tells of pictures that are lost: the segment ends where they do, and what the next writer has for them are gaps of whole segments.
void Segmenter::take_waiting(std::optional<microseconds> next, Operations& out) {
  const auto reaches = [](const Lane& lane, microseconds at) {
    return !lane.video() && !lane.waiting.empty() && to_us(lane.waiting.back().dts, lane.cutter.track().timescale) > at;
  };
  const bool lost = next && video_here_ && *next > boundaries_.newest().at &&
                    std::ranges::any_of(lanes_, [&](const auto& lane) { return reaches(*lane, *next + milliseconds(header_.part_ms)); });
  if (lost) boundaries_.declare(*next, true);
  for (const auto& lane : lanes_) {
    while (!lane->waiting.empty()) {
      media::Packet packet = std::move(lane->waiting.front());
      lane->waiting.pop_front();
      // No picture will come to end the segment that sound after the last one lies in.
      const microseconds dts = to_us(packet.dts, lane->cutter.track().timescale);
      const microseconds most = lost ? microseconds(0) : forced_length(header_) + (next ? followers_room : microseconds(0));
      const bool full = !boundaries_.empty() && dts - boundaries_.newest().at >= most;
      const bool leads = !video_here_ || (full && dts > video_position_);
      accept(*lane, std::move(packet), leads, out);
    }
  }
}

// Whether everything fed has come; of what was fed nothing of, nothing is missing. Where something is what feeds us died, and it comes again: nothing
// may stand for it.
bool Segmenter::has_all(const Pause& pause) const {
  return std::ranges::all_of(lanes_, [&](const auto& lane) {
    const auto& last = lane->video() ? pause.picture : pause.sound;
    return !lane->cutter.started() || lane->cutter.is_shed() || !last || lane->cutter.has_shown(*last);
  });
}

void Segmenter::pause(const Pause& pause, Operations& out) {
  take_waiting(pause.next, out);
  if (!pause.next && has_all(pause)) align_ends(out);
  for (const auto& lane : lanes_) {
    const bool holds = pause.next && lane->video() && pause.picture && lane->cutter.has_shown(*pause.picture);
    if (holds) lane->cutter.hold_until(*pause.next - lane->cutter.composition(), true, out);
    lane->cutter.flush(false, out);
  }
}

void Segmenter::finish(bool ended, Operations& out) {
  take_waiting({}, out);
  for (const auto& lane : lanes_) {
    RenditionCutter& cutter = lane->cutter;
    if (ended && video_here_ && cutter.is_shed() && cutter.started() && !cutter.awaits_start()) cutter.fill_until(video_position_, out);
    lane->cutter.flush(ended, out);
  }
}

}  // namespace sluice::hls
