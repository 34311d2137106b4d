#include "playlists.hpp"

#include <utility>

#include "hls/playlist_writer.hpp"
#include "os/file.hpp"

namespace sluice::segmenter {

Playlists::Playlists(std::string directory, milliseconds window)
    : directory_(std::move(directory)), window_(window), view_(directory_) {}

Result<> Playlists::update() {
  SLUICE_TRY(view_.poll());
  const hls::StreamView& stream = view_.stream();
  bool all = true;
  for (const hls::RenditionView& rendition : stream.renditions) {
    if (rendition.complete() == 0) {
      all = false;
      continue;
    }
    hls::LiveOptions sliding;
    sliding.window = std::chrono::duration_cast<seconds>(window_);
    sliding.low_latency = false;
    const std::string text = window_.count() > 0 ? hls::live_playlist(stream, rendition, sliding)
                                                 : hls::whole_playlist(stream, rendition);
    SLUICE_TRY(
        os::write_file_atomically(directory_ + "/" + rendition.name + "/" + hls::live_playlist_name, text));
  }
  if (!all) return {};
  std::string master = hls::multivariant_playlist(stream, "", hls::live_playlist_name);
  if (master == master_) return {};
  SLUICE_TRY(os::write_file_atomically(directory_ + "/master.m3u8", master));
  master_ = std::move(master);
  return {};
}

}  // namespace sluice::segmenter
