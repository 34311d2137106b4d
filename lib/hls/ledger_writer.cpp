#include "hls/ledger_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.hpp"

namespace sluice::hls {
namespace {

// Live playlists need six segments (Apple's authoring rules 8.11): never fewer than this, whatever the disk
// says.
constexpr MediaSequence least_segments = 6;
// Space kept ready behind the index, so that lines can be written on a full disk.
constexpr std::uint64_t index_reserve = 256 * 1024;
constexpr std::size_t most_pieces = 512;  // of one pwritev(2)

bool no_space(int errnum) {
  return errnum == ENOSPC || errnum == EDQUOT;
}

// Writes all pieces at `offset`; the errno of a failure, or 0.
int write_pieces(int fd, std::vector<iovec>& pieces, std::uint64_t offset) {
  std::size_t at = 0;
  while (at < pieces.size()) {
    const std::size_t count = std::min(pieces.size() - at, most_pieces);
    const ssize_t n = ::pwritev(fd, &pieces[at], static_cast<int>(count), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    offset += static_cast<std::uint64_t>(n);
    auto left = static_cast<std::size_t>(n);
    while (at < pieces.size() && left >= pieces[at].iov_len) left -= pieces[at++].iov_len;
    if (left > 0) {
      pieces[at].iov_base = static_cast<char*>(pieces[at].iov_base) + left;
      pieces[at].iov_len -= left;
    }
  }
  return 0;
}

iovec piece(ByteView bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

LedgerWriter::LedgerWriter(std::string directory, WriterSettings settings, const Clock& clock,
                           os::FileLock lock)
    : directory_(std::move(directory)),
      settings_(std::move(settings)),
      clock_(&clock),
      lock_(std::move(lock)) {
  if (settings_.sync != SyncAt::none) sync_ = std::make_unique<LedgerSync>();
}
LedgerWriter::LedgerWriter(LedgerWriter&&) noexcept = default;
LedgerWriter& LedgerWriter::operator=(LedgerWriter&&) noexcept = default;
LedgerWriter::~LedgerWriter() = default;

Result<> LedgerWriter::begin(const LedgerHeader& header) {
  if (index_.header()) return fail(Errc::exists, "the ledger " + directory_ + " has a header already");
  return append(header);
}

Result<> LedgerWriter::write(Operation& operation) {
  if (auto* part = std::get_if<WritePart>(&operation)) return write_part(*part);
  if (const auto* rendition = std::get_if<DeclareRendition>(&operation)) return declare(*rendition);
  if (const auto* shed = std::get_if<ShedRecord>(&operation)) return append(*shed);
  return {};
}

Result<> LedgerWriter::end() {
  if (index_.ended_ms()) return {};
  SLUICE_TRY(append(EndRecord{clock_->wall().time_since_epoch().count()}));
  // Nobody is there to remove them later: a few stay for good.
  remove_retired(least_segments);
  // Gives back the space that was kept in hand.
  if (::ftruncate(index_fd_.get(), static_cast<off_t>(index_bytes_)) != 0)
    return fail_errno("truncate " + directory_ + "/index");
  if (sync_) {
    for (const auto& [rendition, segment] : open_) sync_->request(segment.fd.get(), index_fd_.get());
    sync_->request(-1, index_fd_.get());
  }
  return {};
}

// One line by one write(2). A line that did not go whole is taken back.
Result<> LedgerWriter::append(const Record& record) {
  if (index_bytes_ + index_reserve / 2 > index_reserved_) {
    // Refused by some file systems, which then simply have no reserve.
    if (::fallocate(index_fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(index_bytes_), index_reserve) ==
        0)
      index_reserved_ = index_bytes_ + index_reserve;
  }
  const std::string line = format_record(record);
  ssize_t n = 0;
  do n = ::write(index_fd_.get(), line.data(), line.size());
  while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(line.size())) {
    const int errnum = n < 0 ? errno : ENOSPC;
    [[maybe_unused]] const int cut = ::ftruncate(index_fd_.get(), static_cast<off_t>(index_bytes_));
    auto error = fail_errno(errnum, "append to " + directory_ + "/index",
                            "free some space; the ledger is whole up to here");
    error.error().code = Errc::unavailable;
    return error;
  }
  index_bytes_ += line.size();
  if (!index_.apply(record))
    return fail(Errc::internal, "a record breaks the ledger's order: " + line.substr(0, line.size() - 1));
  return {};
}

Result<> LedgerWriter::declare(const DeclareRendition& operation) {
  SLUICE_TRY(os::make_directories(directory_ + "/" + operation.record.name));
  if (operation.record.init) {
    SLUICE_TRY_VALUE(const Bytes header, cmaf_header(operation.track));
    SLUICE_TRY(os::write_file_atomically(
        directory_ + "/" + init_path(operation.record.name, *operation.record.init), as_text(header)));
  }
  return append(operation.record);
}

Result<> LedgerWriter::write_part(WritePart& operation) {
  PartRecord record{operation.rendition, operation.part};
  const Rendition* so_far = index_.find(operation.rendition);
  const bool same = so_far && so_far->started && so_far->last.msn == record.part.msn;
  record.part.offset = same ? so_far->last.offset + so_far->last.bytes : 0;
  if (!record.part.flags.gap) {
    if (leans_on_lost(operation))
      lose(record);
    else
      SLUICE_TRY(write_media(operation, record));
  }
  record.part.wall_ms = clock_->wall().time_since_epoch().count();
  SLUICE_TRY(append(record));
  ++counters_.parts;
  counters_.bytes += record.part.bytes;
  count(record);
  sync_after(record);
  if (record.part.flags.last) read_cap();
  return trim();
}

// Media bytes first. On a full disk the oldest segments go; when none may, the part becomes a gap.
Result<> LedgerWriter::write_media(const WritePart& operation, PartRecord& record) {
  head_.clear();
  Bytes encoded;
  std::vector<iovec> pieces;
  if (settings_.encode) {
    SLUICE_TRY_VALUE(encoded, settings_.encode(operation));
    pieces.push_back(piece(encoded));
  } else {
    const auto sequence = static_cast<std::uint32_t>(record.part.msn * 64 + record.part.part + 1);
    if (!cmaf_chunk_head(head_, sequence, record.part.start, operation.kind, operation.samples))
      return fail(Errc::invalid, "a part of " + record.rendition + " is larger than 4 GiB");
    pieces.reserve(operation.packets.size() + 1);
    pieces.push_back(piece(head_));
    for (const media::Packet& packet : operation.packets) pieces.push_back(piece(packet.data));
  }
  std::uint64_t bytes = 0;
  for (const iovec& p : pieces) bytes += p.iov_len;

  int errnum = 0;
  do {
    const Result<int> fd = segment_fd(record);
    std::vector<iovec> left = pieces;
    errnum = fd ? write_pieces(*fd, left, record.part.offset) : errno;
    if (errnum == 0) {
      record.part.bytes = bytes;
      record.part.flags.gap = bytes == 0;
      return {};
    }
    if (fd) {
      [[maybe_unused]] const int cut = ::ftruncate(*fd, static_cast<off_t>(record.part.offset));
    }
    if (!no_space(errnum))
      return fail_errno(errnum, "write " + directory_ + "/" +
                                    segment_path(record.rendition, record.part.msn, index_.header()->format));
    SLUICE_TRY_VALUE(const bool made_room, remove_oldest(Room::now));
    if (!made_room) break;
  } while (true);
  if (operation.kind == media::Kind::video) awaiting_key_.insert(record.rendition);
  lose(record);
  return {};
}

// Pictures that follow lost ones cannot be decoded before a keyframe; and a segment that began with them would break INDEPENDENT-SEGMENTS,
// for the whole stream.
bool LedgerWriter::leans_on_lost(const WritePart& operation) {
  if (operation.part.flags.independent) awaiting_key_.erase(operation.rendition);
  return awaiting_key_.contains(operation.rendition);
}

void LedgerWriter::lose(PartRecord& record) {
  ++counters_.parts_lost;
  record.part.bytes = 0;
  record.part.flags.gap = true;
  record.part.flags.independent = false;
}

Result<int> LedgerWriter::segment_fd(const PartRecord& record) {
  auto it =
      std::find_if(open_.begin(), open_.end(), [&](const auto& o) { return o.first == record.rendition; });
  if (it != open_.end() && it->second.fd && it->second.msn == record.part.msn) return it->second.fd.get();
  const std::string path =
      directory_ + "/" + segment_path(record.rendition, record.part.msn, index_.header()->format);
  const int flags = O_WRONLY | O_CREAT | (record.part.offset == 0 ? O_TRUNC : 0);
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(path, flags));
  if (it == open_.end()) it = open_.emplace(open_.end(), record.rendition, OpenSegment{});
  it->second = {record.part.msn, std::move(fd)};
  return it->second.fd.get();
}

void LedgerWriter::sync_after(const PartRecord& record) {
  if (!sync_ || (settings_.sync == SyncAt::segment && !record.part.flags.last)) return;
  for (const auto& [rendition, segment] : open_)
    if (rendition == record.rendition) sync_->request(segment.fd.get(), index_fd_.get());
}

void LedgerWriter::count(const PartRecord& record) {
  if (record.part.msn < index_.removed_before()) return;
  while (stored_.empty() || stored_.back().msn < record.part.msn) {
    if (stored_.empty()) {
      stored_.push_back({record.part.msn, microseconds(record.part.src_begin_us)});
      break;
    }
    stored_.push_back({stored_.back().msn + 1, stored_.back().end, stored_.back().end});
  }
  if (record.part.msn < stored_.front().msn) return;
  Stored& stored = stored_[record.part.msn - stored_.front().msn];
  stored.end = std::max(stored.end, microseconds(record.part.src_end_us));
  stored.wall_ms = std::max(stored.wall_ms, record.part.wall_ms);
  stored.bytes += record.part.bytes;
  stored_bytes_ += record.part.bytes;
}

void LedgerWriter::read_cap() {
  const auto text = os::read_file(directory_ + "/cap");
  cap_ = text ? parse_number<std::uint64_t>(std::string_view(*text).substr(0, text->find('\n'))) : std::nullopt;
}

Result<> LedgerWriter::trim() {
  const auto too_old = [&] {
    if (settings_.dvr_window.count() == 0 || stored_.empty()) return false;
    // Three targets more than asked: a player may still hold the playlist that listed it (RFC 8216bis 6.2.2).
    const auto kept = settings_.dvr_window + seconds(3 * index_.header()->target_duration_s);
    return stored_.back().end - stored_.front().end > kept;
  };
  while (too_old()) {
    SLUICE_TRY_VALUE(const bool removed, unlist_oldest());
    if (!removed) break;
  }
  const std::int64_t now_ms = clock_->wall().time_since_epoch().count();
  while (!retired_.empty() && (retired_.front().until_ms <= now_ms || retired_bytes_ / most_unlisted > stored_bytes_)) remove_retired(retired_.size() - 1);
  const auto too_much = [&](std::uint64_t cap) { return stored_bytes_ + retired_bytes_ > cap; };
  while ((settings_.most_bytes > 0 && too_much(settings_.most_bytes)) || (cap_ && too_much(*cap_))) {
    SLUICE_TRY_VALUE(const bool removed, remove_oldest(Room::in_time));
    if (!removed) break;
  }
  return {};
}

// Of the rendition that has the fewest: one that grows is listed in parts only, and what was given up grows no more.
MediaSequence LedgerWriter::whole_segments() const {
  MediaSequence fewest = stored_.size();
  for (const Rendition& rendition : index_.renditions()) {
    const Part& last = rendition.last;
    if (!rendition.started || last.msn < stored_.front().msn || last.msn + 1 < stored_.back().msn) continue;
    fewest = std::min(fewest, last.msn - stored_.front().msn + (last.flags.last ? 1 : 0));
  }
  return fewest;
}

// X, so that readers list the segment no more; its files stay. False when only the least that live needs is left.
Result<bool> LedgerWriter::unlist_oldest() {
  if (stored_.size() <= least_segments || whole_segments() <= least_segments) return false;
  SLUICE_TRY(append(RemovedRecord{stored_.front().msn + 1}));
  ++counters_.segments_removed;
  retire_oldest(clock_->wall().time_since_epoch().count());
  return true;
}

void LedgerWriter::retire_oldest(std::int64_t now_ms) {
  const Stored& oldest = stored_.front();
  const Unlisted segment{oldest.wall_ms, now_ms, oldest.end - oldest.begin, stored_.back().end - oldest.begin};
  retired_.push_back({oldest.msn, oldest.bytes, available_until_ms(segment, index_.header()->target_duration_s)});
  retired_bytes_ += oldest.bytes;
  stored_bytes_ -= oldest.bytes;
  stored_.pop_front();
}

// For room: what is not listed first, then the oldest that is, from the list before from the disk.
Result<bool> LedgerWriter::remove_oldest(Room room) {
  if (retired_.empty()) {
    SLUICE_TRY_VALUE(const bool unlisted, unlist_oldest());
    if (!unlisted) return false;
  }
  if (room == Room::now) empty(retired_.front().msn);
  remove_retired(retired_.size() - 1);
  return true;
}

// All but the newest so many.
void LedgerWriter::remove_retired(std::size_t most) {
  while (retired_.size() > most) {
    unlink(retired_.front().msn);
    forget_retired();
  }
}

void LedgerWriter::forget_retired() {
  retired_bytes_ -= retired_.front().bytes;
  retired_.pop_front();
}

// A file that a reader has open, as origind has those it served lately, keeps its blocks after it is unlinked.
void LedgerWriter::empty(MediaSequence msn) {
  for (const Rendition& rendition : index_.renditions())
    [[maybe_unused]] const int emptied = ::truncate((directory_ + "/" + segment_path(rendition.record.name, msn, index_.header()->format)).c_str(), 0);
}

void LedgerWriter::unlink(MediaSequence msn) {
  for (const Rendition& rendition : index_.renditions())
    ::unlink((directory_ + "/" + segment_path(rendition.record.name, msn, index_.header()->format)).c_str());
}

}  // namespace sluice::hls
