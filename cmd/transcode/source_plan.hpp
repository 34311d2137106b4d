#pragma once
// SourcePlan: whether the source's video is passed through or encoded again (its GOPs must fit the segment target), decided
// without holding the stream up. What is known, in this order:
//   1. --source copy|encode.
//   2. A mark left beside the ledger by a generation before this one (media/source_mark.hpp): encode.
//   3. x264's own promise in the first frame (OBS, ffmpeg): decides at once.
//   4. Fed by ingestd: pass through at once and watch. Before a picture for which a segment would have to be cut without a keyframe, leave the mark, say
//      so in the ledger's "pause" and end with exit code 75; ingestd starts the next generation from the keyframe it has kept, which encodes from that picture on.
//   5. Alone: hold packets until the first GOP is whole or too long.
// One long GOP is no habit: a source that has been encoded for what was seen, and whose GOPs have fitted for a while, is passed through again from
// a keyframe on, in the same way; for longer each time that it fails after that.
#include <deque>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "hls/whole_gops.hpp"
#include "media/keyframes.hpp"
#include "media/source_mark.hpp"
#include "pipe/pipe.hpp"

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
  bool keyed() const { return encode_ || can_hand_over(); }
  // Of a source that is encoded and was passed through before.
  std::optional<media::SourceMark> passed_before() const;

  // The next packet of the track that was decided on: false where a next generation shall go on with it, as the mark then says.
  bool watch(const media::Packet& packet, const media::Track& track);
  // After that, and before the output ends: what was given to it last, source times. It is to write all of it.
  void leave(std::optional<microseconds> picture, std::optional<microseconds> sound) const;
  microseconds next() const { return next_; }  // when the first picture is shown that it was not given

 private:
  std::string mark_path() const { return feeding_.ledger + "/source-gop"; }
  bool can_hand_over() const { return choice_ == Choice::automatic && feeding_.supervised && !feeding_.ledger.empty(); }
  bool marked();
  bool passed_later(microseconds first) const;
  bool remember(const media::SourceMark& mark);  // for the next generations
  bool stop_passing();
  bool pass_again(const hls::WholeGops::Picture& picture);

  Choice choice_;
  microseconds segment_, longest_;
  Feeding feeding_;
  std::optional<media::SourceMark> mark_;
  std::optional<hls::WholeGops> gops_;  // those that are passed through, or that fit since `fits_since_`
  microseconds fits_since_{0}, next_{0};
  microseconds first_{-1}, last_{0};    // decode times of what was passed through
  std::uint64_t bytes_ = 0;
  bool encode_ = false, told_ = false;
  std::string why_;
};

}  // namespace sluice::transcode
