#pragma once
// The members of lib/media's plain records, for base/snapshot.hpp.
#include "base/snapshot.hpp"
#include "media/intake.hpp"
#include "media/publisher_track.hpp"
#include "media/retention.hpp"
#include "media/track.hpp"

namespace sluice::media {

template <class T, class Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

// Source time, µs, and what is counted in it: the difference of two is one, too.
constexpr bool is_source_time(std::int64_t us) { return us > -(std::int64_t{1} << 61) && us < std::int64_t{1} << 61; }

constexpr Kind last_choice(Kind) { return Kind::audio; }
constexpr Codec last_choice(Codec) { return Codec::eac3; }

template <class Archive, Is<Rational> T>
void fields(Archive& archive, T& rational) {
  archive(rational.num, rational.den);
  archive.check(rational.den > 0, "a fraction that is none");
}

template <class Archive, Is<Track> T>
void fields(Archive& archive, T& track) {
  archive(track.codec, track.rendition, track.timescale, track.config, track.bitrate, track.width, track.height, track.frame_rate, track.sample_rate,
          track.channels, track.language);
  archive.check(track.timescale > 0, "a track that counts no time");
}

template <class Archive, Is<Run> T>
void fields(Archive& archive, T& run) {
  archive(run.number, run.tracks, run.discontinuity, run.start_us);
  archive.check(!run.tracks.empty(), "a run of no tracks");
}

template <class Archive, Is<Packet> T>
void fields(Archive& archive, T& packet) {
  archive(packet.track, packet.pts, packet.dts, packet.duration, packet.key);
  archive.view(packet.owner, packet.data);
}

template <class Archive, Is<Retained> T>
void fields(Archive& archive, T& kept) {
  archive(kept.serial, kept.run, kept.packet, kept.dts_us, kept.pts_us, kept.end_us, kept.start);
  archive.check(is_source_time(kept.dts_us) && is_source_time(kept.pts_us) && is_source_time(kept.end_us), "a packet out of all time");
  archive.check(kept.run && kept.packet.track < kept.run->tracks.size(), "a packet of no track");
}

template <class Archive, Is<RetentionCounts> T>
void fields(Archive& archive, T& counts) {
  archive(counts.dropped_gops, counts.dropped_packets, counts.forgotten_gops);
}

template <class Archive, Is<PublisherClock> T>
void fields(Archive& archive, T& clock) {
  archive(clock.rate, clock.bits);
  archive.check(clock.rate > 0 && 9'000'000 % clock.rate == 0 && clock.bits > 0 && clock.bits < 64, "a clock that nobody has");
}

template <class Archive, Is<Offered> T>
void fields(Archive& archive, T& offered) {
  archive(offered.kind, offered.raw, offered.composition, offered.key);
  archive.view(offered.owner, offered.data);
  archive(offered.id, offered.nanoseconds);
}

template <class Archive, Is<PublisherTrack> T>
void fields(Archive& archive, T& track) {
  archive(track.kind, track.id, track.clock, track.track, track.rendition, track.away, track.frame, track.counted, track.keys, track.precedes,
          track.astray, track.at, track.awaits_key, track.reached_us, track.missed_us);
  archive.check(!track.track || track.track->kind() == track.kind, "a track of another kind");
}

template <class Archive, Is<IntakeCounts> T>
void fields(Archive& archive, T& counts) {
  archive(counts.packets, counts.bytes, counts.pictures, counts.unusable, counts.repairs, counts.tracks_left_out);
}

}  // namespace sluice::media
