#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hls/ledger_writer.hpp"

// What a ledger may take of the disk: its window, the caps, and what gives way where there is no room.
namespace sluice::hls {

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

// Tries it with the file of the segment's first part: what the largest that is stored took in all renditions, and a quarter more.
Result<bool> LedgerWriter::room_for_a_segment(const PartRecord& first) {
  std::uint64_t bytes = 1;
  for (const Stored& stored : stored_) bytes = std::max(bytes, stored.bytes + stored.bytes / 4);
  do {
    const Result<int> fd = segment_fd(first);
    if (fd && ::fallocate(*fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first.part.offset), static_cast<off_t>(bytes)) == 0) {
      [[maybe_unused]] const int given_back = ::ftruncate(*fd, static_cast<off_t>(first.part.offset));
      return true;
    }
    if (!no_space(errno)) return true;  // a file system that cannot tell, or an error that the writing will name
    SLUICE_TRY_VALUE(const bool made_room, remove_oldest(Room::now));
    if (!made_room) return false;
  } while (true);
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
