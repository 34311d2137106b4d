#pragma once
// A stream that is being served: its ledger followed, its playlists drawn once per change and shared, and those who wait.
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "hls/blocking.hpp"
#include "hls/ledger_view.hpp"
#include "hls/playlist_writer.hpp"
#include "hls/storyboard.hpp"
#include "hls/uploads_feed.hpp"
#include "origin/answer.hpp"
#include "origin/waiting_room.hpp"

namespace sluice::origin {

// Open media files, the least recently used closed first.
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t most) : most_(most) {}
  Result<std::shared_ptr<os::UniqueFd>> open(const std::string& path);
  void drop_removed();  // files that have been removed from the disk, which gets their space back
  std::size_t size() const { return files_.size(); }

 private:
  struct Entry {
    std::string path;
    std::shared_ptr<os::UniqueFd> file;
  };
  std::size_t most_;
  std::list<Entry> files_;  // latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;
};

// Where segments and headers are uploaded to, and how players reach it.
struct Elsewhere {
  std::string place;  // "s3://vods/2026", as a record of uploads names it
  std::string url;    // "https://vods.example/2026"; empty: media is nowhere else
};

class Presentation {
 public:
  Presentation(std::string directory, hls::LiveOptions options, Elsewhere elsewhere = {});

  // Reads what the ledger has gained; the names of the renditions that have grown. Errors as LedgerView::poll.
  Result<std::vector<std::string>> poll();

  // Reads what the record of uploads has gained; true when playlists may have changed.
  Result<bool> poll_uploads() { return uploads_.poll(); }
  const std::string& uploaded_to() const { return uploads_.uploads().place(); }  // empty: nothing is known so far
  // Its uploads are in another place than the one whose address is known.
  bool out_of_reach() const { return !uploaded_to().empty() && uploaded_to() != elsewhere_.place; }

  const hls::StreamView& stream() const { return ledger_.stream(); }
  bool begun() const { return ledger_.begun(); }
  const std::string& directory() const { return ledger_.directory(); }

  // Every rendition has something to play, or one has a whole segment and the rest are late.
  bool ready() const;

  // Drawn when first asked for after a change. The rendition must exist.
  Rendered& live_playlist(const hls::RenditionView& rendition, bool delta);
  Rendered& whole_playlist(const hls::RenditionView& rendition);
  // `media`: where the channel's streams are, from the master's place: "", "../../../live/demo/", "https://cdn.example/live/demo/".
  Rendered& live_master(const std::string& media);
  Rendered& whole_master(const std::string& media);

  // The same of what has been uploaded, by its address there. A rendition must be in published(), with a segment.
  const hls::StreamView& published();
  bool published_ready();
  Rendered& published_playlist(const hls::RenditionView& rendition);
  Rendered& published_whole(const hls::RenditionView& rendition);
  Rendered& published_master(const std::string& media);
  Rendered& published_whole_master(const std::string& media);

  Rendered& storyboard(const hls::StoryboardGrid& grid);
  // {"stream", "epoch", "start", "end", "ended", "storyboard"}: what of the stream can be watched, RFC 3339.
  Rendered& window();

  void change(const hls::LiveOptions& options);  // live playlists are drawn anew

  // Wall-clock time of a point of the rendition's time line.
  std::int64_t wall_ms(const hls::RenditionView& rendition, std::int64_t ticks) const;

  WaitingRoom waiting;
  Steady used{};        // last asked for
  int watch = -1;       // of its index
  int uploads_watch = -1;  // of its directory, where the record of uploads is
  std::uint64_t inode = 0;
  bool told_out_of_reach = false;

 private:
  struct Drawn {
    std::uint64_t revision = ~0ULL;
    Rendered rendered;
  };
  template <class Draw>
  Rendered& cached(const std::string& key, std::uint64_t revision, std::int64_t modified_ms, Draw draw);
  std::uint64_t closed_revision() const;
  std::uint64_t published_revision() const;
  std::string media_of(const hls::RenditionView& rendition) const;
  std::int64_t modified_ms() const;

  hls::LedgerView ledger_;
  hls::LiveOptions options_;
  Elsewhere elsewhere_;
  hls::UploadsFeed uploads_;
  hls::StreamView published_;
  std::uint64_t published_drawn_ = ~0ULL;  // published_revision() of it
  std::map<std::string, std::uint64_t> seen_;   // revisions told by poll()
  std::map<std::string, Drawn> drawn_playlists_;
};

}  // namespace sluice::origin
