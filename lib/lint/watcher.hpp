#pragma once
// hlslint of a URL, without sockets: requests go out by take(), answers come in by answer(), findings by take_findings().
// A multivariant playlist's media playlists are all watched, a media playlist alone.
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lint/media_watch.hpp"
#include "lint/playlist_watch.hpp"
#include "lint/probes.hpp"
#include "lint/renditions.hpp"
#include "lint/watch.hpp"

namespace sluice::lint {

class Watcher {
 public:
  Watcher(std::string url, Options options);

  std::vector<Ask> take(Steady now);
  void answer(const Reply& reply);
  std::optional<Steady> wake() const { return watch_ ? watch_->requests.wake() : first_.wake(); }
  bool done() const { return done_; }

  // The first playlist could not be had: Errc::unavailable where it may be had later; usage, config where it was asked for wrongly.
  const std::optional<Error>& failure() const { return failure_; }
  // Those since the last call, in the order that they were seen.
  hls::Findings take_findings();

 private:
  struct Rendition {
    std::unique_ptr<PlaylistWatch> playlist;
    std::unique_ptr<MediaWatch> media;
    std::unique_ptr<Probes> probes;
  };
  void begin(const Reply& reply);
  void add(const std::string& url, bool independent);
  void changed(PlaylistWatch& playlist);
  std::string resolved(const std::string& base, std::string_view uri) const;
  // Of what the multivariant playlist declares: the rates that the media so far is over.
  hls::Findings over_declared() const;
  void look_at_peaks();
  void read_again();
  void finish_if_over();
  void finish();

  const std::string url_;
  const Options options_;
  Requests first_;
  std::unique_ptr<Watch> watch_;
  std::string name_;                               // of the first playlist
  std::optional<hls::ReadPlaylist> multivariant_;
  std::list<Rendition> renditions_;
  std::unique_ptr<Renditions> together_;
  std::optional<Error> failure_;
  std::set<std::string> peaks_told_;               // for which the multivariant playlist has been read again
  bool was_live_ = false, read_at_end_ = false, done_ = false;
};

}  // namespace sluice::lint
