#pragma once
// Plain playlists beside the segments, for a stock web server without origind: master.m3u8 and
// RENDITION/playlist.m3u8, replaced whenever a segment is finished. No parts: those need a server that can
// make a player wait.
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hls/ledger_view.hpp"

namespace sluice::segmenter {

class Playlists {
 public:
  // With a window the playlists slide, else they list the stream from its start.
  Playlists(std::string directory, milliseconds window);
  Result<> update();

 private:
  std::string directory_;
  milliseconds window_;
  hls::LedgerView view_;
  std::string master_;
};

}  // namespace sluice::segmenter
