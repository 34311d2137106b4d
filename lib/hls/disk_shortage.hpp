#pragma once
// What a full disk takes of a stream, so that what is lost is whole segments but for the one in which the disk filled up: of that the
// rest goes, in all renditions. A part that found room between lost ones is no use to anybody: a picture without its sound, or the other way
// round; players stop at it (and an EXTINF would tell of more than there is).
#include <cerrno>
#include <cstddef>
#include <set>

#include "base/ids.hpp"

namespace sluice::hls {

// Whether an errno says that there is no room.
inline bool no_space(int errnum) { return errnum == ENOSPC || errnum == EDQUOT; }

class DiskShortage {
 public:
  // A part of `msn` did not find room.
  void lost(MediaSequence msn) {
    lost_.insert(msn);
    tight_ = true;
    while (lost_.size() > remembered) lost_.erase(lost_.begin());
  }
  // A part of `msn` is not to be written, since another was lost.
  bool takes(MediaSequence msn) const { return lost_.contains(msn); }
  // A segment that begins after lost ones: only where there is room for all of it, which the caller then says by over().
  bool doubts(MediaSequence msn) const { return tight_ && msn > *lost_.rbegin(); }
  void over() { tight_ = false; }

 private:
  static constexpr std::size_t remembered = 16;  // segments; renditions are apart by fewer
  std::set<MediaSequence> lost_;
  bool tight_ = false;
};

}  // namespace sluice::hls
