#pragma once
// The one writer of a ledger directory: locks it, mends what an earlier writer left half done, and appends.
// sluice-ledger(5).
//
// Segments that leave the DVR window are removed from the list first; their files stay for as long as players may ask for them
// (availability.hpp). Where room is short they go at once.
//
// A full disk: the oldest segments go (down to six), then the part is written as a gap, so that live goes on, and with it the rest of its
// segment in all renditions (disk_shortage.hpp) and what leans on its pictures. The next segment is written when there is room for all of
// it. The index keeps space in hand for such lines. Only when not even a line can be written does a call fail, with Errc::unavailable. The file `cap` in the ledger says how many bytes of media may stay, whoever has written it.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "hls/availability.hpp"
#include "hls/disk_shortage.hpp"
#include "hls/ledger_index.hpp"
#include "hls/ledger_sync.hpp"
#include "hls/segment_operations.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace sluice::hls {

struct WriterSettings {
  milliseconds lock_wait{5000};
  SyncAt sync = SyncAt::segment;
  milliseconds dvr_window{0};    // older segments are removed, down to six; 0 keeps all
  std::uint64_t most_bytes = 0;  // of media on the disk; beyond it the oldest segments are removed; 0 = no cap
  // Bytes of a part that is not CMAF (ts); unset for cmaf.
  std::function<Result<Bytes>(const WritePart&)> encode;
};

struct WriterCounters {
  std::uint64_t parts = 0, bytes = 0;
  std::uint64_t parts_lost = 0;  // written as gaps because the disk was full, or had been for others of their segment or for what they lean on
  std::uint64_t segments_removed = 0;
  std::uint64_t mended_index = 0;  // bytes of a torn tail cut off at the start
  std::uint64_t mended_media = 0;  // media bytes beyond the last part, cut off at the start
};

class LedgerWriter {
 public:
  // Makes the directory where there is none. Errc::unavailable when another writer holds the lock for longer
  // than lock_wait; Errc::exists when the stream has ended.
  static Result<LedgerWriter> open(std::string directory, WriterSettings settings,
                                   const Clock& clock = system_clock());
  LedgerWriter(LedgerWriter&&) noexcept;
  LedgerWriter& operator=(LedgerWriter&&) noexcept;
  ~LedgerWriter();

  const std::string& directory() const { return directory_; }
  // What the ledger holds (Keep::tail). Its header is missing in a new ledger: begin() writes it.
  const LedgerIndex& index() const { return index_; }
  Result<> begin(const LedgerHeader& header);
  Result<> write(Operation& operation);  // remarks are not written
  Result<> end();                        // E
  const WriterCounters& counters() const { return counters_; }
  void set_encoder(std::function<Result<Bytes>(const WritePart&)> encode) {
    settings_.encode = std::move(encode);
  }

 private:
  // Live playlists need six segments (Apple's authoring rules 8.11): never fewer than this, whatever the disk says.
  static constexpr MediaSequence least_segments = 6;

  struct OpenSegment {
    MediaSequence msn = 0;
    os::UniqueFd fd;
  };
  struct Stored {  // a segment, over all renditions
    MediaSequence msn = 0;
    microseconds begin{0}, end{0};
    std::uint64_t bytes = 0;
    std::int64_t wall_ms = 0;    // of its last part
  };
  struct Retired {  // a segment that is listed no more, and whose files stay
    MediaSequence msn = 0;
    std::uint64_t bytes = 0;
    std::int64_t until_ms = 0;
  };

  LedgerWriter(std::string directory, WriterSettings settings, const Clock& clock, os::FileLock lock);
  Result<> recover();
  std::uint64_t read_index(std::string_view text, std::vector<std::pair<std::uint64_t, PartRecord>>& recent);
  Result<> cut_media();
  void count(const PartRecord& record);

  Result<> append(const Record& record);
  Result<> declare(const DeclareRendition& operation);
  Result<> write_part(WritePart& operation);
  Result<> write_media(const WritePart& operation, PartRecord& record);
  Result<bool> taken(const WritePart& operation, const PartRecord& record);
  bool leans_on_lost(const WritePart& operation);
  void lose(PartRecord& record);
  Result<int> segment_fd(const PartRecord& record);
  void sync_after(const PartRecord& record);
  void read_cap();
  Result<> trim();
  MediaSequence whole_segments() const;
  Result<bool> unlist_oldest();
  enum class Room { in_time, now };  // when a removed file's bytes are free though a reader has it open: when that closes it, or at once
  Result<bool> remove_oldest(Room room);
  Result<bool> room_for_a_segment(const PartRecord& first);
  void retire_oldest(std::int64_t now_ms);
  void remove_retired(std::size_t most);
  void forget_retired();
  void empty(MediaSequence msn);
  void unlink(MediaSequence msn);

  std::string directory_;
  WriterSettings settings_;
  const Clock* clock_;
  os::FileLock lock_;
  os::UniqueFd index_fd_;
  std::uint64_t index_bytes_ = 0, index_reserved_ = 0;
  LedgerIndex index_{Keep::tail};
  std::vector<std::pair<std::string, OpenSegment>> open_;
  std::deque<Stored> stored_;
  std::deque<Retired> retired_;
  std::uint64_t stored_bytes_ = 0, retired_bytes_ = 0;
  std::optional<std::uint64_t> cap_;  // of both together, as the file `cap` has it
  std::unique_ptr<LedgerSync> sync_;
  WriterCounters counters_;
  Bytes head_;
  DiskShortage shortage_;
  std::set<std::string> awaiting_key_;  // video renditions whose last part was lost
};

}  // namespace sluice::hls
