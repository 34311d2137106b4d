#pragma once
// InBandSets: the parameter sets in force of one H.264 or HEVC track, where they come with its pictures as well. Encoders repeat them before
// each keyframe, and some that change the size of their picture say so nowhere else: what is new there becomes a configuration.
// The samples keep theirs all the same. ISO/IEC 14496-15 has none in samples of avc1 and hvc1 (5.3.2, 8.3.2), but all players bear them, and
// those built on libavformat (5.1: ffplay, mpv) read only a playlist's first EXT-X-MAP: without sets in the samples a change is garbage to them.
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "media/track.hpp"

namespace sluice::media {

class InBandSets {
 public:
  enum class Found {
    nothing_new,
    configuration,  // config() is another
    broken,         // not to be read, or more than any stream needs: the configuration stays
    too_often,      // it has changed so often of late that this is no encoder: the configuration stays
  };

  static constexpr std::size_t most_sets = 64, most_bytes = 32'768;  // of a configuration
  static constexpr unsigned changes_at_once = 4, pictures_a_change = 120;

  // The configuration in force, however it came: avcC, hvcC.
  void configured(Codec codec, ByteView config);

  // The NAL units of an access unit: all, or those before its picture. Only where a decoder may `start` do other sets make another
  // configuration; elsewhere they stay with the picture, which would be lost until the next keyframe. An SPS without a PPS is not one yet.
  Found take(Codec codec, const std::vector<ByteView>& units, bool start);

  const Bytes& config() const { return config_; }  // empty: there is none
  // What was taken last has sets, all of them in force, and no others have gone by since they came.
  bool repeats() const { return repeats_ && !strayed_; }

 private:
  bool holds(ByteView set) const;
  Bytes together(Codec codec, const std::vector<ByteView>& sets, bool anew) const;

  Bytes config_;
  std::vector<Bytes> in_force_;
  bool repeats_ = false;
  bool strayed_ = false;
  unsigned credit_ = changes_at_once * pictures_a_change;  // in pictures: no clock of a publisher is to be trusted
};

// The NAL units behind 4-byte lengths up to an access unit's first slice; `picture`: there is one. False where there are more than
// `most`, which are then not told.
bool units_before_picture(Codec codec, ByteView data, std::size_t most, std::vector<ByteView>& out, bool& picture);

}  // namespace sluice::media
