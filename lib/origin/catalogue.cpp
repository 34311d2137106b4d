#include "origin/catalogue.hpp"

#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "log/log.hpp"

namespace sluice::origin {
namespace {

// The directory itself, links followed: the key under which a ledger is open once.
std::optional<std::string> resolved(const std::string& path) {
  char out[PATH_MAX];
  if (::realpath(path.c_str(), out) == nullptr) return std::nullopt;
  return out;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

}  // namespace

Catalogue::Catalogue(Places places, hls::LiveOptions options, Elsewhere elsewhere, Clock& clock, os::Inotify inotify, Grown grown)
    : places_(std::move(places)),
      options_(std::move(options)),
      elsewhere_(std::move(elsewhere)),
      clock_(clock),
      inotify_(std::move(inotify)),
      grown_(std::move(grown)) {}

Result<std::shared_ptr<Presentation>> Catalogue::open(const std::string& directory) {
  if (const auto known = open_.find(directory); known != open_.end()) {
    known->second->used = clock_.steady();
    return known->second;
  }
  // Watched before it is read, so that nothing written in between goes unseen.
  SLUICE_TRY_VALUE(const int watch, inotify_.watch(directory + "/index", IN_MODIFY | IN_ATTRIB));
  const auto inode = inode_of(directory + "/index");
  auto presentation = std::make_shared<Presentation>(directory, options_, elsewhere_);
  presentation->watch = watch;
  presentation->inode = inode;
  presentation->used = clock_.steady();
  const auto first = presentation->poll();
  if (!first || !presentation->begun()) {
    inotify_.unwatch(watch);
    if (!first) return std::unexpected(first.error());
    return fail(Errc::unavailable, directory + " has just been made");
  }
  open_[directory] = presentation;
  watched_[watch] = presentation;
  if (!elsewhere_.url.empty()) {
    if (const auto folder = inotify_.watch(directory, IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_ONLYDIR)) {
      presentation->uploads_watch = *folder;
      watched_[*folder] = presentation;
    }
    poll_uploads(presentation);
  }
  log::debug("ledger opened", {{"stream", presentation->stream().id}, {"directory", directory}});
  return presentation;
}

Result<std::shared_ptr<Presentation>> Catalogue::live(const std::string& channel) {
  const auto directory = resolved(places_.live + "/" + channel);
  if (!directory) return fail(Errc::not_found, channel + " is offline");
  return open(*directory);
}

Result<std::shared_ptr<Presentation>> Catalogue::stream(const std::string& channel, const std::string& id) {
  // Ids never come again: where this one was found it still is, as long as the ledger is open.
  if (const auto known = found_.find(id); known != found_.end() && known->second.channel == channel) {
    known->second.presentation->used = clock_.steady();
    return known->second.presentation;
  }
  SLUICE_TRY_VALUE(auto presentation, find_stream(channel, id));
  found_[id] = {channel, presentation};
  return presentation;
}

Result<std::shared_ptr<Presentation>> Catalogue::find_stream(const std::string& channel, const std::string& id) {
  if (!places_.ledgers.empty()) {
    if (const auto directory = resolved(places_.ledgers + "/" + id)) {
      SLUICE_TRY_VALUE(auto presentation, open(*directory));
      if (presentation->stream().id == id && presentation->stream().channel == channel) return presentation;
    }
  }
  SLUICE_TRY_VALUE(auto presentation, live(channel));
  if (presentation->stream().id == id) return presentation;
  return fail(Errc::not_found, channel + " has no stream " + id);
}

void Catalogue::change(const hls::LiveOptions& options) {
  options_ = options;
  for (const auto& [directory, presentation] : open_) presentation->change(options);
}

void Catalogue::poll(const std::shared_ptr<Presentation>& presentation) {
  // Removed, or another ledger has taken its place (a directory used again, standing alone).
  if (inode_of(presentation->directory() + "/index") != presentation->inode) return close(presentation);
  const auto grown = presentation->poll();
  if (grown) {
    if (!grown->empty()) grown_(*presentation, *grown);
    return;
  }
  log::warn("ledger closed", {{"directory", presentation->directory()}, grown.error()});
  close(presentation);
}

void Catalogue::poll_uploads(const std::shared_ptr<Presentation>& presentation) {
  const auto news = presentation->poll_uploads();
  if (!news) log::warn("record of uploads cannot be read", {{"directory", presentation->directory()}, news.error()});
  if (!news || !*news) return;
  if (presentation->out_of_reach() && !std::exchange(presentation->told_out_of_reach, true))
    log::warn("a stream is uploaded to another place than --media-url shows: its playlists name origind's own media",
              {{"stream", presentation->stream().id}, {"uploaded_to", presentation->uploaded_to()}, {"vod", elsewhere_.place}});
  std::vector<std::string> all;
  for (const hls::RenditionView& rendition : presentation->stream().renditions) all.push_back(rendition.name);
  grown_(*presentation, all);
}

void Catalogue::close(const std::shared_ptr<Presentation>& presentation) {
  inotify_.unwatch(presentation->watch);
  watched_.erase(presentation->watch);
  if (presentation->uploads_watch >= 0) {
    inotify_.unwatch(presentation->uploads_watch);
    watched_.erase(presentation->uploads_watch);
  }
  open_.erase(presentation->directory());
  found_.erase(presentation->stream().id);
  presentation->waiting.dismiss(error_answer(503, "STREAM_CLOSED", "the stream's ledger was closed; try again", 1));
}

void Catalogue::read_changes() {
  std::map<int, std::shared_ptr<Presentation>> changed, uploaded;
  inotify_.read([&](int watch, std::uint32_t mask, const std::string& name) {
    if (mask & IN_Q_OVERFLOW) {
      for (const auto& [directory, presentation] : open_) changed[presentation->watch] = uploaded[presentation->watch] = presentation;
    }
    const auto known = watched_.find(watch);
    if (known == watched_.end()) return;
    auto presentation = known->second.lock();
    if (!presentation) return;
    if (watch != presentation->uploads_watch) {
      changed[watch] = std::move(presentation);
    } else if (name == hls::uploads_name) {
      uploaded[watch] = std::move(presentation);
    }
  });
  if (!elsewhere_.url.empty()) {
    for (const auto& [watch, presentation] : uploaded) poll_uploads(presentation);
  }
  for (const auto& [watch, presentation] : changed) poll(presentation);
}

void Catalogue::close_idle(std::chrono::seconds idle) {
  const auto now = clock_.steady();
  std::vector<std::shared_ptr<Presentation>> leaving;
  for (const auto& [directory, presentation] : open_) {
    if (presentation->waiting.size() == 0 && now - presentation->used >= idle) leaving.push_back(presentation);
  }
  for (const auto& presentation : leaving) close(presentation);
}

}  // namespace sluice::origin
