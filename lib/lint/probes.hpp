#pragma once
// Delivery directives tried out beside the following of a playlist: each once or a few times, at a moment when its answer is known.
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "lint/playlist_watch.hpp"

namespace sluice::lint {

class Probes {
 public:
  explicit Probes(Watch& watch) : watch_(watch) {}
  // A new version of the playlist has come.
  void go_on(PlaylistWatch& playlist);

 private:
  enum class Probe { part_alone, far_segment, far_part, gone, whole_segment, past_part, skip };
  bool send(PlaylistWatch& playlist, Probe probe);  // false: this is not the moment
  void send_refusable(PlaylistWatch& playlist, const Directives& directives, std::string_view rule);
  void send_awaiting(PlaylistWatch& playlist, const Directives& directives, const Edge& awaited, bool whole, std::string_view rule);
  void send_skip(PlaylistWatch& playlist);
  void judge_delta_if_known(PlaylistWatch& playlist);

  Watch& watch_;
  std::deque<Probe> left_{Probe::part_alone, Probe::far_segment, Probe::far_part, Probe::gone, Probe::whole_segment, Probe::past_part, Probe::skip, Probe::skip};
  bool busy_ = false;
  std::optional<hls::ReadPlaylist> delta_;  // waits until the whole playlist reaches as far
};

}  // namespace sluice::lint
