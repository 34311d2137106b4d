// FlvIntake as bytes that another process goes on with: what its tracks were told so far.
#include "ingest/flv_intake.hpp"
#include "media/snapshot.hpp"

namespace sluice::ingest {

template <class Self, class Archive>
void FlvIntake::Lane::fields(Self& self, Archive& archive) {
  archive(self.configured, self.left_out, self.length_size, self.track);
  archive.check(self.length_size >= 1 && self.length_size <= 4, "NAL units of no length");
}
void FlvIntake::Lane::save(SnapshotWriter& out) const { fields(*this, out); }
void FlvIntake::Lane::restore(SnapshotReader& in) { fields(*this, in); }

template <class Self, class Archive>
void FlvIntake::Told::fields(Self& self, Archive& archive) {
  archive(self.frame_rate, self.video_kbits, self.audio_kbits, self.width, self.height, self.audio_rate, self.channels, self.language);
}
void FlvIntake::Told::save(SnapshotWriter& out) const { fields(*this, out); }
void FlvIntake::Told::restore(SnapshotReader& in) { fields(*this, in); }

template <class Self, class Archive>
void FlvIntake::fields(Self& self, Archive& archive) {
  archive.section("FLV intake", 1);
  archive(self.lanes_, self.told_, self.passed_over_);
}
void FlvIntake::save(SnapshotWriter& out) const { fields(*this, out); }
void FlvIntake::restore(SnapshotReader& in) { fields(*this, in); }

}  // namespace sluice::ingest
