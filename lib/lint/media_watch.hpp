#pragma once
// The media of one playlist: fetched when it is listed or hinted at, judged segment by segment, and looked for again when the playlist
// no longer lists it.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hls/lint.hpp"
#include "lint/playlist_watch.hpp"

namespace sluice::lint {

class MediaWatch {
 public:
  // `independent`: EXT-X-INDEPENDENT-SEGMENTS holds by the multivariant playlist.
  MediaWatch(Watch& watch, std::string playlist, bool independent);
  ~MediaWatch();

  // A new version of the playlist has come.
  void listed(const PlaylistWatch& playlist);
  hls::MediaFacts facts() const;

 private:
  struct Resource {
    enum class State { hinted, asked, here, failed } state = State::asked;
    bool hint = false;      // it was asked for because it was hinted at
    std::string failure;
    Bytes body;
  };
  struct Pending {
    hls::ReadSegment segment;
    std::vector<std::string> urls;
  };
  struct Shown {            // a segment that has been listed
    std::string url;
    double duration = 0;
    Steady since{};         // the earliest that it may have appeared
    bool gap = false;
  };
  struct Hinted {
    Edge edge;
    std::string uri;
  };

  std::string absolute(std::string_view uri) const;
  void begin(const PlaylistWatch& playlist);
  void want(const std::string& url, double duration);
  void fetch_next();
  void fetched(const std::string& url, double duration, const Reply& reply);
  void ask_hints(const hls::ReadMedia& list);
  void hint_answered(const std::string& url, const Reply& reply);
  void judge_hint(const hls::ReadMedia& list);
  void fetch_again(const std::string& url);
  void judge_ready();
  void look_for_removed(const hls::ReadMedia& list, Steady now);
  // Until `until`.
  void must_still_be_there(const std::string& url, const char* what, Steady until);
  void note(std::string_view rule, const std::string& url, std::string what);

  Watch& watch_;
  const std::string playlist_;
  std::string base_;                           // of relative URIs
  const bool independent_;
  hls::Findings found_;
  std::unique_ptr<hls::MediaLint> lint_;
  double target_ = 0, part_target_ = 0;
  bool removes_ = false;                       // live, and free to let segments go
  bool from_first_ = true;  // it began with the first segment listed
  std::map<std::string, Resource> resources_;  // by URL
  std::deque<std::pair<std::string, double>> queue_;  // to be fetched: URL, seconds it lasts
  std::size_t under_way_ = 0;
  std::deque<Pending> pending_;
  std::uint64_t next_ = 0;                     // the segment to be judged next
  std::map<std::uint64_t, Shown> shown_;
  double longest_ = 0;                         // of the playlist's lengths
  std::map<std::string, double> parts_;        // listed by the last version: URL, seconds
  std::optional<Hinted> hinted_;
  std::optional<Steady> playlist_before_;      // when the version before the last came
  std::size_t hints_ = 0, trickled_ = 0, looked_for_segments_ = 0, looked_for_parts_ = 0, again_ = 0;
};

}  // namespace sluice::lint
