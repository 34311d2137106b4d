#pragma once
// SourcePlan: whether the source's video is passed through or encoded again (its GOP must fit the segment target), decided
// without holding the stream up. What is known, in this order:
//   1. --source copy|encode.
//   2. x264's own promise in the first frame (OBS, ffmpeg): decides at once.
//   3. A mark left beside the ledger by the generation before this one: encode.
//   4. Fed by ingestd: pass through at once and watch. When a GOP turns out too long, leave the mark, say so and end with
//      exit code 75; ingestd starts the next generation from the keyframe it has kept, which encodes.
//   5. Alone: hold packets until the first GOP is whole or too long.
#include <deque>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "pipe/pipe.hpp"
#include "media/keyframes.hpp"

namespace sluice::transcode {

struct Feeding {          // what the environment and the pipe's header say
  bool supervised = false;  // SLUICE_FED=1: a next generation will be started
  std::string ledger;       // SLUICE_LEDGER, or empty
  bool new_publisher = false;  // sluice_discontinuity=1: what was known of the last one counts no more
};

class SourcePlan {
 public:
  enum class Choice { automatic, copy, encode };
  SourcePlan(Choice choice, microseconds segment, Feeding feeding);

  // Reads ahead as far as needed (the packets go to `held`, in order) and decides on `video`, a track of the reader.
  Result<> decide(pipe::Reader& reader, std::size_t video, std::deque<media::Packet>& held);
  bool encode() const { return encode_; }
  const std::string& why() const { return why_; }
  // No segment will have to begin without a keyframe: what is passed through is encoded where its GOP grows too long.
  bool keyed() const { return encode_ || (choice_ == Choice::automatic && feeding_.supervised && !feeding_.ledger.empty()); }

  // While passing through: false once the GOP has grown too long and a next generation shall encode; the mark is left then.
  bool watch(microseconds dts, bool key);

 private:
  std::string mark_path() const { return feeding_.ledger + "/source-gop"; }
  bool marked() const;
  bool remember(microseconds gop) const;  // leaves the mark for the next generations

  Choice choice_;
  microseconds longest_;
  Feeding feeding_;
  media::GopMeter meter_;
  bool encode_ = false, told_ = false;
  std::string why_;
};

}  // namespace sluice::transcode
