#include "archive/ledger_upload.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "hls/content_types.hpp"
#include "hls/crc32c.hpp"
#include "hls/ledger_shelf.hpp"
#include "hls/playlist_writer.hpp"
#include "os/file.hpp"

namespace sluice::archive {
namespace {

// As origind says of the same: media never changes, a playlist may be drawn better one day.
constexpr const char* for_ever = "public, max-age=31536000, immutable";
constexpr const char* for_a_while = "public, max-age=600";

// A header never changes once the ledger tells of it. None when it cannot be read.
std::optional<std::uint32_t> crc_of(const std::string& path) {
  const auto text = os::read_file(path);
  return text ? std::optional(hls::crc32c(as_bytes(*text))) : std::nullopt;
}

// Whether the last line of that rendition is of missed segments, too, and now tells of these as well.
bool extends(std::vector<hls::UploadRecord>& lines, const hls::UploadRecord& more) {
  const auto* missed = std::get_if<hls::MissedSegments>(&more);
  if (!missed) return false;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    auto* before = std::get_if<hls::MissedSegments>(&*line);
    if (!before) return false;
    if (before->rendition != missed->rendition) continue;
    before->next = missed->next;
    return true;
  }
  return false;
}

std::uint64_t size_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

}  // namespace

LedgerUpload::LedgerUpload(std::string directory, UploadsFile file, std::size_t ahead, const Clock& clock)
    : clock_(clock), feed_(std::move(directory)), file_(std::move(file)), outbox_(file_.uploads(), ahead) {}

Result<std::unique_ptr<LedgerUpload>> LedgerUpload::open(std::string directory, const std::string& place, std::size_t ahead, const Clock& clock) {
  Agreement agreement({.crc_of = [&](const std::string& rendition, std::uint32_t init) { return crc_of(directory + "/" + hls::init_path(rendition, init)); },
                       .size_of = [&](const std::string& segment) { return size_of(directory + "/" + segment); }});
  hls::LedgerFeed look(directory);
  const auto compare = [&](const hls::Record& record) { agreement.apply(record); };
  if (!hls::header_of(directory)) {  // nothing is written beside what may be no ledger
    SLUICE_TRY(look.poll(compare));
    return fail(Errc::not_found, directory + " has just been made");
  }
  SLUICE_TRY_VALUE(UploadsFile file, UploadsFile::open(directory, place));
  SLUICE_TRY(look.poll(compare));
  SLUICE_TRY(file.keep([&](const hls::UploadRecord& line) { return agreement.holds(line); }));
  std::unique_ptr<LedgerUpload> ledger(new LedgerUpload(std::move(directory), std::move(file), ahead, clock));
  ledger->withdrawn_ = agreement.segments_dropped();
  SLUICE_TRY(ledger->poll());
  return ledger;
}

Result<> LedgerUpload::poll() {
  if (finished()) return {};
  SLUICE_TRY(feed_.poll([this](const hls::Record& record) {
    if (const auto* header = std::get_if<hls::LedgerHeader>(&record)) {
      channel_ = header->channel;
      stream_ = header->stream.value();
      format_ = header->format;
    }
    if (const auto* end = std::get_if<hls::EndRecord>(&record)) ended_ms_ = end->wall_ms;
    outbox_.apply(record);
  }));
  SLUICE_TRY(record());
  if (outbox_.ended() && outbox_.idle()) {
    SLUICE_TRY(draw());
    if (playlists_.empty() && !playlist_under_way_) return file_.append({hls::UploadsEnd{clock_.wall().time_since_epoch().count(), ended_ms_}});
  }
  if (waiting() == 0) waiting_since_.reset();
  if (waiting() > 0 && !waiting_since_) waiting_since_ = clock_.steady();
  return {};
}

Object LedgerUpload::object_of(const Item& item) const {
  const bool header = item.kind == Item::Kind::header;
  const std::string inside = header ? hls::init_path(item.rendition, static_cast<std::uint32_t>(item.number))
                                    : hls::segment_path(item.rendition, item.number, format_);
  Object object;
  object.key = key_of(inside);
  object.type = hls::media_type(item.audio, header ? "mp4" : extension(format_));
  object.caching = for_ever;
  object.path = directory() + "/" + inside;
  object.bytes = item.bytes;
  object.item = item;
  return object;
}

Result<std::optional<Object>> LedgerUpload::take() {
  if (const auto item = outbox_.take()) return object_of(*item);
  if (playlists_.empty() || playlist_under_way_) return std::nullopt;
  playlist_under_way_ = true;
  Object object = std::move(playlists_.front());
  playlists_.pop_front();
  return object;
}

void LedgerUpload::put_back(const Object& object) {
  if (object.item) return outbox_.put_back(*object.item);
  playlist_under_way_ = false;
  playlists_.push_front(object);
}

void LedgerUpload::set_aside(const Object& object) {
  if (object.item) outbox_.set_aside(*object.item);
}

void LedgerUpload::take_up(const Object& object) {
  if (object.item) outbox_.take_up(*object.item);
}

Result<> LedgerUpload::done(const Object& object, std::uint64_t bytes) {
  waiting_since_.reset();
  if (object.item) {
    const bool header = object.item->kind == Item::Kind::header;
    outbox_.done(*object.item, bytes, header ? crc_of(object.path) : std::nullopt);
  } else {
    playlist_under_way_ = false;
  }
  return poll();
}

Result<> LedgerUpload::gone(const Object& object) {
  if (object.item) outbox_.gone(*object.item);
  return poll();
}

// Lines that could not be written (a full disk) are kept: they come before all others. So are those of what is missed, while no object is
// there: the place may be none.
Result<> LedgerUpload::record() {
  for (hls::UploadRecord& line : outbox_.records()) {
    if (!extends(unwritten_, line)) unwritten_.push_back(std::move(line));
  }
  const bool object = std::ranges::any_of(unwritten_, [](const hls::UploadRecord& line) { return !std::holds_alternative<hls::MissedSegments>(line); });
  if (!object && !file_.uploads().binds() && !outbox_.idle()) return {};
  SLUICE_TRY(file_.append(unwritten_));
  unwritten_.clear();
  return {};
}

// The playlists of all that is there, whether the ledger still has it or not.
Result<> LedgerUpload::draw() {
  if (drawn_) return {};
  hls::StreamView whole;
  hls::LedgerFeed again(directory());
  SLUICE_TRY(again.poll([&](const hls::Record& record) {
    if (!std::holds_alternative<hls::RemovedRecord>(record)) whole.apply(record, 0);
  }));
  const hls::StreamView there = hls::published(std::move(whole), file_.uploads());
  const auto add = [this](const std::string& inside, std::string text) {
    playlists_.push_back({.key = key_of(inside), .type = hls::playlist_type, .caching = for_a_while, .text = std::move(text)});
  };
  for (const hls::RenditionView& rendition : there.renditions) {
    if (!rendition.segments.empty()) add(rendition.name + "/" + hls::whole_playlist_name, hls::whole_playlist(there, rendition));
  }
  if (!playlists_.empty()) add("master.m3u8", hls::multivariant_playlist(there, "", hls::whole_playlist_name));
  drawn_ = true;
  return {};
}

}  // namespace sluice::archive
