#pragma once
// What the playlists of a presentation say of each other while they grow: that they grow together, and their rendition reports.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/playlist_watch.hpp"

namespace sluice::lint {

class Renditions {
 public:
  explicit Renditions(Watch& watch) : watch_(watch) {}
  // A new version of a low-latency playlist has come.
  void grew(const PlaylistWatch& playlist);
  void over();  // nothing more comes

 private:
  struct Growth {
    double end_ms = 0;  // by date
    Steady at{};
  };
  struct Claim {        // what another's report said, to be kept by the next version that is asked for after `at`
    std::string by;
    Edge last;
    Steady at{};
  };
  struct Behind {       // what an encoder held back when its source went comes late, a gap soon after it
    std::string what;
    Steady at{};
  };
  struct Rendition {
    std::vector<Growth> growth;  // the last minute or so
    std::optional<Edge> last;
    Steady at{};
    std::string base;            // where its playlist was found, redirects followed
    std::vector<Claim> claims;
    std::optional<Behind> behind;
  };
  void judge_step(const PlaylistWatch& playlist, Rendition& rendition);
  void judge_claims(const PlaylistWatch& playlist, Rendition& rendition);
  void judge_reports(const PlaylistWatch& playlist);

  Watch& watch_;
  std::map<std::string, Rendition> by_name_;
};

}  // namespace sluice::lint
