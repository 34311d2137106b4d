#include "ledger_follow.hpp"

#include <algorithm>

#include "hls/ledger_writer.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace sluice::ingestd {

void mend_ledger(const std::string& directory) {
  const auto writer = hls::LedgerWriter::open(directory, {.lock_wait = milliseconds(0), .sync = hls::SyncAt::none});
  if (!writer) {
    if (writer.error().code != Errc::unavailable && writer.error().code != Errc::exists)
      log::error("the ledger could not be mended", {{"ledger", directory}, writer.error()});
    return;
  }
  const hls::WriterCounters& cut = writer->counters();
  if (cut.mended_index + cut.mended_media == 0) return;
  log::warn("an earlier writer stopped in mid-write; its torn tail is cut off",
            {{"ledger", directory}, {"index_bytes", cut.mended_index}, {"media_bytes", cut.mended_media}});
}

LedgerFollow::LedgerFollow(net::FolderWatch& watch, std::string directory, std::function<void()> grown)
    : watch_(watch.weak_from_this()),
      directory_(std::move(directory)),
      grown_(std::move(grown)),
      reader_(std::make_unique<hls::LedgerReader>(directory_, hls::Keep::tail)) {}

LedgerFollow::~LedgerFollow() {
  const auto watch = watch_.lock();
  if (watch && watching_) watch->remove(*watching_);
}

std::unique_ptr<hls::LedgerReader> LedgerFollow::read_ahead(const std::string& directory) {
  auto reader = std::make_unique<hls::LedgerReader>(directory, hls::Keep::tail);
  if (!reader->poll()) return nullptr;  // open() will say why
  return reader;
}

Result<> LedgerFollow::open(std::unique_ptr<hls::LedgerReader> read) {
  if (read) reader_ = std::move(read);
  SLUICE_TRY(os::make_directories(directory_));
  const auto watch = watch_.lock();
  if (!watch) return fail(Errc::internal, "watch " + directory_ + ": the watch has ended");
  SLUICE_TRY_VALUE(watching_, watch->add(directory_, [this] {
    poll();
    grown_();
  }));
  poll();
  return {};
}

void LedgerFollow::poll() {
  auto polled = reader_->poll();
  if (!polled && polled.error().code == Errc::invalid) {
    reader_ = std::make_unique<hls::LedgerReader>(directory_, hls::Keep::tail);
    polled = reader_->poll();
  }
  if (!polled && polled.error().code != Errc::not_found)
    log::warn("the ledger cannot be read", {{"ledger", directory_}, polled.error()});
  note_shown();
  if (independent_) return;
  for (const hls::Rendition& rendition : reader_->renditions())
    independent_ = independent_ || (rendition.started && rendition.record.kind == media::Kind::video);
  const bool has_video = std::any_of(reader_->renditions().begin(), reader_->renditions().end(),
                                     [](const auto& r) { return r.record.kind == media::Kind::video; });
  if (!has_video)
    for (const hls::Rendition& rendition : reader_->renditions()) independent_ = independent_ || rendition.started;
}

std::optional<std::int64_t> LedgerFollow::epoch_ms() const {
  if (!reader_->header()) return std::nullopt;
  return reader_->header()->epoch_ms;
}

std::optional<milliseconds> LedgerFollow::segment() const {
  if (!reader_->header()) return std::nullopt;
  return milliseconds(reader_->header()->segment_ms);
}

std::optional<milliseconds> LedgerFollow::part() const {
  if (!reader_->header()) return std::nullopt;
  return milliseconds(reader_->header()->part_ms);
}

std::int64_t LedgerFollow::greatest_end() const {
  std::int64_t end = 0;
  for (const hls::Rendition& rendition : reader_->renditions()) end = std::max<std::int64_t>(end, rendition.source_end.count());
  return end;
}

std::optional<std::int64_t> LedgerFollow::least_end(const media::Run& run, std::int64_t from, microseconds stale) const {
  const std::int64_t oldest = greatest_end() - stale.count();
  std::optional<std::int64_t> least;
  for (const hls::Rendition& rendition : reader_->renditions()) {
    const bool fed = std::any_of(run.tracks.begin(), run.tracks.end(),
                                 [&](const media::Track& track) { return track.kind() == rendition.record.kind; });
    const std::int64_t end = rendition.started ? rendition.source_end.count() : from;
    if (!fed || rendition.shed || end < oldest) continue;
    least = least ? std::min(*least, end) : end;
  }
  return least;
}

namespace {
auto named(const std::vector<hls::Rendition>& renditions, std::string_view name) {
  return std::ranges::find_if(renditions, [&](const hls::Rendition& r) { return r.record.name == name; });
}
}  // namespace

bool LedgerFollow::holds(std::string_view rendition) const {
  return named(reader_->renditions(), rendition) != reader_->renditions().end();
}

std::int64_t LedgerFollow::end_of(std::string_view rendition, std::int64_t from) const {
  const auto found = named(reader_->renditions(), rendition);
  if (found->shed) return INT64_MAX;
  return found->started ? found->source_end.count() : from;
}

std::optional<Wall> LedgerFollow::last_written() const {
  std::optional<Wall> latest;
  for (const hls::Rendition& rendition : reader_->renditions())
    if (rendition.started) latest = std::max(latest.value_or(Wall{}), Wall{milliseconds(rendition.last.wall_ms)});
  return latest;
}

void LedgerFollow::note_shown() {
  for (const hls::Rendition& rendition : reader_->renditions()) {
    if (!rendition.started) continue;
    const auto [known, fresh] = shown_.try_emplace(rendition.record.name);
    Shown& shown = known->second;
    if (!fresh && shown.end == rendition.end) continue;
    if (fresh || (!rendition.last.flags.gap && !shown.gap)) shown.at = Wall{milliseconds(rendition.last.wall_ms)};
    shown.end = rendition.end;
    shown.gap = rendition.last.flags.gap;
  }
}

template <class Choose>
std::optional<Wall> LedgerFollow::choose_shown(Choose choose) const {
  std::optional<Wall> picture, sound;
  for (const hls::Rendition& rendition : reader_->renditions()) {
    const auto shown = shown_.find(rendition.record.name);
    if (rendition.shed || shown == shown_.end()) continue;
    std::optional<Wall>& chosen = rendition.record.kind == media::Kind::video ? picture : sound;
    chosen = choose(chosen.value_or(shown->second.at), shown->second.at);
  }
  return picture ? picture : sound;
}

std::optional<Wall> LedgerFollow::last_shown() const { return choose_shown([](Wall a, Wall b) { return std::min(a, b); }); }
std::optional<Wall> LedgerFollow::newest_shown() const { return choose_shown([](Wall a, Wall b) { return std::max(a, b); }); }

std::optional<microseconds> LedgerFollow::part_target() const {
  if (!reader_->header()) return std::nullopt;
  return microseconds(reader_->header()->part_target_us);
}

std::string LedgerFollow::resume() const {
  std::string text;
  for (const hls::Rendition& rendition : reader_->renditions()) {
    if (!rendition.started) continue;
    text += (text.empty() ? "" : ",") + rendition.record.name + "=" + std::to_string(rendition.source_end.count());
  }
  return text;
}

}  // namespace sluice::ingestd
