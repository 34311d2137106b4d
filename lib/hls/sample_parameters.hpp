#pragma once
// Parameter sets within samples, against those of the header (ISO/IEC 14496-15): avc1 and hvc1 have theirs in the sample entry alone. Some
// encoders repeat them in each keyframe, which does no harm; others than the header's are another picture than the header tells of.
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace sluice::hls {

class SampleParameters {
 public:
  // `config`: avcC or hvcC. Nothing is ever found by a broken one.
  SampleParameters(const std::string& entry, ByteView config);
  // What the sample brings that the header does not have, for people.
  std::optional<std::string> differing(ByteView sample) const;

 private:
  bool is_sequence(ByteView unit) const;
  std::string size_of(ByteView unit) const;

  bool hevc_ = false;
  unsigned length_size_ = 0;           // 0: the config is broken
  std::vector<Bytes> known_;           // sequence parameter sets
};

}  // namespace sluice::hls
