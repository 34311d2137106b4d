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

// Space kept ready behind the index, so that lines can be written on a full disk.
constexpr std::uint64_t index_reserve = 256 * 1024;
constexpr std::size_t most_pieces = 512;  // of one pwritev(2)

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
    SLUICE_TRY_VALUE(const bool lost, taken(operation, record));
    if (lost)
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
  shortage_.lost(record.part.msn);
  if (operation.kind == media::Kind::video) awaiting_key_.insert(record.rendition);
  lose(record);
  return {};
}

// Whether a part goes since others did: of its segment, or what its pictures lean on.
Result<bool> LedgerWriter::taken(const WritePart& operation, const PartRecord& record) {
  const bool leans = leans_on_lost(operation);
  if (shortage_.doubts(record.part.msn)) {
    SLUICE_TRY_VALUE(const bool room, room_for_a_segment(record));
    if (room)
      shortage_.over();
    else
      shortage_.lost(record.part.msn);
  }
  if (!shortage_.takes(record.part.msn)) return leans;
  if (operation.kind == media::Kind::video) awaiting_key_.insert(record.rendition);
  return true;
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

}  // namespace sluice::hls
