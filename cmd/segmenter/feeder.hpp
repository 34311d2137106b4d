#pragma once
// Whoever feeds a supervised segmenter, and what an end of its input means (sluice-ledger(5), decisions 1 and 2).
#include <optional>
#include <string>

#include "app/options.hpp"
#include "hls/segmenter.hpp"
#include "os/unique_fd.hpp"

namespace sluice::segmenter {

class Feeder {
 public:
  Feeder(const app::Settings& settings, std::string directory);

  // The stream is over: standing alone always, else where DIR/end exists.
  bool ended() const;
  // The input was closed on purpose (DIR/pause).
  std::optional<hls::Pause> paused() const;
  // Frames of an unfinished part come again: the pipeline broke and its feeder lives. It broke where the input is not `whole`, or was closed
  // without a word.
  bool feeds_again(bool whole) const;

 private:
  std::string directory_;
  bool fed_;
  os::UniqueFd process_;  // a pidfd, or none
};

}  // namespace sluice::segmenter
