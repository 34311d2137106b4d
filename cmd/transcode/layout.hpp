#pragma once
// Layout: which tracks of the input become which tracks of the output, settled before the first byte is written.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ffmpeg/audio_transcoder.hpp"
#include "pipe/pipe.hpp"
#include "media/ladder.hpp"
#include "media/source_mark.hpp"
#include "rung.hpp"

namespace sluice::transcode {

struct LayoutSettings {
  media::LadderSpec ladder;
  unsigned cores = 2;
  std::string preset;
  unsigned lookahead = 5;
  std::uint32_t audio_bitrate = 160'000;
  pipe::Metadata metadata;  // of the pipe: sluice_resume
  std::optional<media::SourceMark> passed_before;  // of a source that is encoded now
};

struct Layout {
  std::vector<media::Track> tracks;                     // of the output: source, rungs (dearest first), audio
  bool ready_made = false;                              // the publisher's own ladder
  std::vector<std::optional<std::size_t>> passed;       // by input track: the output track its packets go to as they are
  std::map<std::size_t, ffmpeg::AudioTranscoder> audio; // by input track: the output is made_audio.at(input)
  std::map<std::size_t, std::size_t> made_audio;
  std::optional<std::size_t> video;                     // the input track that is decoded
  struct Encoded {
    std::unique_ptr<RungWorker> worker;
    std::size_t track = 0;                 // of the output
    std::optional<std::size_t> parent;     // index of the rung it is scaled from
    bool may_shed = true;                  // the source never is
  };
  std::vector<Encoded> rungs;
  std::vector<std::string> notes;          // what a person should hear: rungs left out, tracks passed for want of a decoder
};

// The leading video track: the one that a ladder is made of, or the first of a publisher's own ladder. None without video.
std::optional<std::size_t> leading_video(const std::vector<media::Track>& tracks);

// Several video tracks are a ladder that comes ready made: all of it is passed through and nothing encoded. With `encode_source`
// its leading track cannot be (its keyframes are too far apart): then that one's ladder is made instead, and the rest left out.
Result<Layout> lay_out(std::vector<media::Track> tracks, const LayoutSettings& settings, bool encode_source);

// "source=1200000,720p30=1100000": where each rendition's ledger ends, in µs. What makes no sense is left out.
std::map<std::string, std::int64_t> parse_resume(std::string_view text);

}  // namespace sluice::transcode
