#pragma once
// FlvIntake: a publisher's RTMP media and metadata, offered to its stream's Intake. All its tracks (Enhanced RTMP v2,
// "Multitrack"): track 0 of a kind is the default one, as legacy headers name none.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "media/in_band_sets.hpp"
#include "media/intake.hpp"
#include "rtmp/flv.hpp"
#include "rtmp/session.hpp"

namespace sluice::ingest {

class FlvIntake {
 public:
  explicit FlvIntake(media::Intake& intake) : intake_(intake) {}

  void metadata(const rtmp::amf::Value& value);
  // Errc::invalid: the message is broken; it was dropped.
  Result<> media(const rtmp::MediaMessage& message, Steady now);

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

  std::uint64_t passed_over() const { return passed_over_; }  // unknown codecs, tracks beyond the most

 private:
  using Key = std::pair<media::Kind, std::uint8_t>;
  struct Lane {
    bool configured = false;
    bool left_out = false;
    unsigned length_size = 4;      // of NAL units as they come
    media::Track track;            // as configured last
    media::InBandSets sets;        // of H.264 and HEVC; not saved: `track` has what is in force
    bool told_of_sets = false;     // that some are no good; not saved either

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  struct Told {                    // by onMetaData, of one track
    double frame_rate = 0, video_kbits = 0, audio_kbits = 0, width = 0, height = 0, audio_rate = 0, channels = 0;
    std::string language;

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);

  Result<> take(const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now);
  Result<> configure(Lane& lane, const rtmp::flv::Packet& packet);
  void hand_in(Lane& lane, std::uint8_t id);
  void resize(Lane& lane, const rtmp::flv::Packet& packet);
  bool take_sets(Lane& lane, const media::Offered& offered);
  void offer(Lane& lane, const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now);
  Told told(media::Kind kind, std::uint8_t id) const;

  media::Intake& intake_;
  std::vector<rtmp::flv::Packet> packets_;  // of one message; kept for its memory
  std::vector<ByteView> units_;             // before one picture; likewise
  std::map<Key, Lane> lanes_;
  std::map<Key, Told> told_;
  std::uint64_t passed_over_ = 0;
};

}  // namespace sluice::ingest
