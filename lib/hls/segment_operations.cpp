#include "hls/segment_operations.hpp"

namespace sluice::hls {

std::string_view describe(Remark::What what) {
  switch (what) {
    case Remark::What::forced_cut:
      return "a segment starts without a keyframe";
    case Remark::What::late_packet:
      return "a packet came after its time and was dropped";
    case Remark::What::before_keyframe:
      return "a packet before the first keyframe was dropped";
    case Remark::What::hole:
      return "the source left a hole; gap parts stand for it";
    case Remark::What::bridged:
      return "sound is missing; its last frame stands for it";
    case Remark::What::absent:
      return "a rendition is missing; gap parts stand for it";
    case Remark::What::jump:
      return "the source's time jumped; a discontinuity";
    case Remark::What::time_mended:
      return "a decode time that did not grow was mended";
  }
  return "unknown";
}

}  // namespace sluice::hls
