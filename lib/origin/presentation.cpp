#include "origin/presentation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

#include "origin/instruments.hpp"
#include "os/file.hpp"

namespace sluice::origin {

Result<std::shared_ptr<os::UniqueFd>> OpenFiles::open(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) {
    files_.splice(files_.begin(), files_, known->second);
    return files_.front().file;
  }
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(path, O_RDONLY));
  files_.push_front({path, std::make_shared<os::UniqueFd>(std::move(fd))});
  by_path_[path] = files_.begin();
  while (files_.size() > most_) {
    by_path_.erase(files_.back().path);
    files_.pop_back();
  }
  return files_.front().file;
}

void OpenFiles::drop_removed() {
  for (auto at = files_.begin(); at != files_.end();) {
    struct stat facts {};
    if (::fstat(at->file->get(), &facts) == 0 && facts.st_nlink > 0) {
      ++at;
      continue;
    }
    by_path_.erase(at->path);
    at = files_.erase(at);
  }
}

Presentation::Presentation(std::string directory, hls::LiveOptions options, Elsewhere elsewhere)
    : ledger_(std::move(directory)), options_(std::move(options)), elsewhere_(std::move(elsewhere)), uploads_(ledger_.directory()) {}

Result<std::vector<std::string>> Presentation::poll() {
  SLUICE_TRY_VALUE(const bool news, ledger_.poll());
  std::vector<std::string> grown;
  if (!news) return grown;
  for (const hls::RenditionView& rendition : stream().renditions) {
    std::uint64_t& seen = seen_[rendition.name];
    if (seen == rendition.revision) continue;
    seen = rendition.revision;
    grown.push_back(rendition.name);
  }
  return grown;
}

bool Presentation::ready() const {
  const auto& renditions = stream().renditions;
  const auto begun = [](const hls::RenditionView& r) { return !r.segments.empty(); };
  return std::ranges::any_of(renditions, begun) &&
         (stream().ended || std::ranges::all_of(renditions, begun) ||
          std::ranges::any_of(renditions, [](const hls::RenditionView& r) { return r.complete() > 0; }));
}

std::int64_t Presentation::wall_ms(const hls::RenditionView& rendition, std::int64_t ticks) const {
  return stream().epoch_ms + media::rescale(ticks, rendition.timescale, 1000);
}

void Presentation::change(const hls::LiveOptions& options) {
  options_ = options;
  drawn_playlists_.clear();
}

template <class Draw>
Rendered& Presentation::cached(const std::string& key, std::uint64_t revision, std::int64_t modified_ms, Draw draw) {
  Drawn& drawn = drawn_playlists_[key];
  if (drawn.revision != revision) {
    drawn.rendered = render(draw(), modified_ms);
    drawn.revision = revision;
    instruments().drawn.Increment();
  }
  return drawn.rendered;
}

std::int64_t Presentation::modified_ms() const {
  std::int64_t latest = stream().epoch_ms;
  for (const hls::RenditionView& rendition : stream().renditions) {
    if (!rendition.segments.empty()) latest = std::max(latest, rendition.segments.back().wall_ms);
  }
  return std::max(latest, stream().ended_wall_ms);
}

Rendered& Presentation::live_playlist(const hls::RenditionView& rendition, bool delta) {
  return cached((delta ? "delta/" : "live/") + rendition.name, rendition.revision, modified_ms(), [&] {
    hls::LiveOptions options = options_;
    options.delta = delta;
    return hls::live_playlist(stream(), rendition, options);
  });
}

// Grows when a segment is finished or removed, or the stream ends: what whole playlists and masters show.
std::uint64_t Presentation::closed_revision() const {
  std::uint64_t revision = stream().ended ? 1 : 0;
  for (const hls::RenditionView& rendition : stream().renditions) {
    revision += 4 * (rendition.complete() + 1) + (rendition.segments.empty() ? 0 : 2);
    if (!rendition.segments.empty()) revision += 8 * rendition.segments.front().msn;
  }
  return revision;
}

Rendered& Presentation::whole_playlist(const hls::RenditionView& rendition) {
  return cached("whole/" + rendition.name, closed_revision(), modified_ms(),
                [&] { return hls::whole_playlist(stream(), rendition); });
}

Rendered& Presentation::live_master(const std::string& media) {
  return cached("live-master/" + media, closed_revision(), modified_ms(), [&] {
    return hls::multivariant_playlist(stream(), media + stream().id + "/", hls::live_playlist_name);
  });
}

Rendered& Presentation::whole_master(const std::string& media) {
  return cached("whole-master/" + media, closed_revision(), modified_ms(), [&] {
    return hls::multivariant_playlist(stream(), media + stream().id + "/", hls::whole_playlist_name);
  });
}

std::uint64_t Presentation::published_revision() const { return closed_revision() + (uploads_.uploads().revision() << 32); }

const hls::StreamView& Presentation::published() {
  if (published_drawn_ != published_revision()) {
    published_ = hls::published(stream(), uploads_.uploads());
    published_drawn_ = published_revision();
  }
  return published_;
}

// Every rendition has begun there, or one has gone on so far that the rest are late.
bool Presentation::published_ready() {
  const auto& renditions = published().renditions;
  const auto begun = [](const hls::RenditionView& r) { return !r.segments.empty(); };
  return std::ranges::any_of(renditions, begun) &&
         (published_.ended || std::ranges::all_of(renditions, begun) ||
          std::ranges::any_of(renditions, [](const hls::RenditionView& r) { return r.segments.size() > 1; }));
}

std::string Presentation::media_of(const hls::RenditionView& rendition) const {
  return elsewhere_.url + "/" + stream().channel + "/" + stream().id + "/" + rendition.name + "/";
}

Rendered& Presentation::published_playlist(const hls::RenditionView& rendition) {
  return cached("published/" + rendition.name, published_revision(), modified_ms(), [&] {
    hls::LiveOptions options = options_;
    options.low_latency = false;
    options.media = media_of(rendition);
    return hls::live_playlist(published(), rendition, options);
  });
}

Rendered& Presentation::published_whole(const hls::RenditionView& rendition) {
  return cached("published-whole/" + rendition.name, published_revision(), modified_ms(),
                [&] { return hls::whole_playlist(published(), rendition, media_of(rendition)); });
}

Rendered& Presentation::published_master(const std::string& media) {
  return cached("published-master/" + media, published_revision(), modified_ms(), [&] {
    return hls::multivariant_playlist(published(), media + stream().id + "/", hls::published_playlist_name);
  });
}

Rendered& Presentation::published_whole_master(const std::string& media) {
  return cached("published-whole-master/" + media, published_revision(), modified_ms(), [&] {
    return hls::multivariant_playlist(published(), media + stream().id + "/", hls::whole_playlist_name);
  });
}

Rendered& Presentation::storyboard(const hls::StoryboardGrid& grid) {
  return cached("storyboard", closed_revision(), modified_ms(), [&] { return hls::storyboard_track(stream(), grid); });
}

Rendered& Presentation::window() {
  return cached("window", closed_revision(), modified_ms(), [&] {
    std::optional<std::int64_t> start, end;
    for (const hls::RenditionView& rendition : stream().renditions) {
      if (rendition.complete() == 0) continue;
      const auto& first = rendition.segments.front();
      const auto& last = rendition.segments[rendition.complete() - 1];
      start = std::min(start.value_or(INT64_MAX), wall_ms(rendition, first.shown()));
      end = std::max(end.value_or(INT64_MIN), wall_ms(rendition, last.end()));
    }
    const auto text = [&](std::int64_t ms) { return format_rfc3339(Wall(milliseconds(ms))); };
    const std::int64_t epoch = stream().epoch_ms;
    return fmt::format(R"({{"stream":"{}","epoch":"{}","start":"{}","end":"{}","ended":{},"pictures":{}}})", stream().id, text(epoch),
                       text(start.value_or(epoch)), text(end.value_or(epoch)), stream().ended, hls::has_video(stream()));
  });
}

}  // namespace sluice::origin
