#pragma once
// hlslint's judgement: playlists and media of a presentation in, findings out. Sans-IO: files come through `load`.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "hls/lint_rules.hpp"
#include "hls/playlist_reader.hpp"

namespace sluice::hls {

struct Subject {
  // Texts by path within the presentation ("master.m3u8", "source/playlist.m3u8").
  std::map<std::string, std::string> playlists;
  // Earlier versions of a playlist by its path, oldest first.
  struct Version {
    std::string name, text;
  };
  std::map<std::string, std::vector<Version>> earlier;
  // Media by path; Errc::not_found when there is none. Empty: media is not looked at.
  std::function<Result<Bytes>(const std::string& path)> load;
};

// Everything that is wrong, by playlist and line. `for_apple`: by the rules that hold only for what Apple's devices are to play everywhere, too.
Findings lint(const Subject& subject, bool for_apple = false);

// The parts lint() is made of.
// `began`: the number of its first segment ever, where segments before it never were (a rendition that came late).
void lint_media_playlist(const ReadPlaylist& playlist, const std::string& path, Findings& findings, std::uint64_t began = 0);
// An EXT-X-START, of the playlist or of the multivariant playlist that names it. Whether there was something to tell.
bool lint_start(const ReadStart& start, const ReadMedia& list, const std::string& where, Findings& findings);
void lint_multivariant(const ReadPlaylist& playlist, const std::string& path, Findings& findings);
// The rules of a multivariant playlist that hold for_apple.
void lint_for_apple(const ReadPlaylist& playlist, const std::string& path, Findings& findings);
// The step between two versions: each rule that it breaks is told once.
void lint_update(const ReadPlaylist& before, const ReadPlaylist& after, const std::string& path, Findings& findings);

// Names a resource that the playlist `base` names as `uri`; empty when there is no such thing to look at.
using Resolve = std::function<std::string(const std::string& base, std::string_view uri)>;
// Of a directory: without query, empty when `uri` leads out of it or is absolute.
std::string resolve(const std::string& path, std::string_view uri);

std::vector<std::string> named_by(const ReadMultivariant& multi);  // the URIs of its media playlists

void lint_syntax(const ReadPlaylist& playlist, const std::string& path, Findings& findings);

struct NamedPlaylist {
  std::string path;
  const ReadPlaylist* playlist = nullptr;
  bool subtitles = false;             // an EXT-X-MEDIA of that type names it
};
// The media playlists of one multivariant playlist, against each other.
void lint_renditions(const std::vector<NamedPlaylist>& renditions, Findings& findings, const Resolve& resolve_by = resolve);

// What the media of a playlist turned out to be.
struct MediaFacts {
  bool found = false;                 // any of it
  double peak_bps = 0, average_bps = 0;
  std::vector<std::string> codecs;    // sample entries of its headers: "avc1"
  std::optional<double> first_start_s;                // decode time of its first segment; gaps before the first media counted back
  bool from_first = true;                             // false: that is a later segment than the first of the playlist as it was begun with
  std::map<std::uint64_t, double> zero_dates_ms;      // the date of decode time 0, by discontinuity sequence number
};

// The media of one playlist, segment by segment in order.
class MediaLint {
 public:
  using Load = std::function<Result<Bytes>(const std::string& path)>;
  // `independent`: EXT-X-INDEPENDENT-SEGMENTS holds for it, by itself or by its multivariant playlist. The findings are borrowed.
  MediaLint(std::string path, bool independent, bool low_latency, Load load, Findings& findings, Resolve resolve_by = resolve);
  ~MediaLint();
  // The segment, its parts and its header are loaded and judged.
  void add(const ReadSegment& segment);
  // `target`: the playlist's target duration, by which a peak is measured.
  MediaFacts facts(double target) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A playlist of which no segment is there is judged as such.
MediaFacts lint_media(const NamedPlaylist& playlist, bool independent, const MediaLint::Load& load, Findings& findings);
// The renditions' media times against each other and their dates.
void lint_times(const std::vector<NamedPlaylist>& renditions, const std::map<std::string, MediaFacts>& facts, Findings& findings);
// Declared rates and codecs against what the media of each variant and its audio group are.
void lint_declared(const ReadPlaylist& multivariant, const std::string& path,
                   const std::function<const MediaFacts*(const std::string& uri)>& facts_of, bool live, Findings& findings);

using Playlists = std::map<std::string, ReadPlaylist>;
// The media playlists of which a multivariant playlist says that their segments are independent (4.4.2.1).
std::set<std::string> told_independent(const Playlists& playlists, const Resolve& resolve_by = resolve);
// A multivariant playlist with the media playlists that it names and what is known of their media. `drawn_live`: it was read while the
// presentation was live, whatever became of that since: what it declares is judged as such.
void lint_presentation(const std::string& path, const ReadPlaylist& multivariant, const Playlists& playlists,
                       const std::map<std::string, MediaFacts>& facts, Findings& findings, const Resolve& resolve_by = resolve, bool drawn_live = false);

}  // namespace sluice::hls
