#pragma once
// What ingestd reads of a stream's ledger: how far each rendition has come, which is the pipeline's acknowledgement
// (decision 1).
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hls/ledger_reader.hpp"
#include "media/retention.hpp"
#include "net/folder_watch.hpp"

namespace sluice::ingestd {

// Cuts off what a writer that died with its machine has left at the end of a ledger, so that nobody reads it before the next writer does.
// A ledger that has a writer is left alone.
void mend_ledger(const std::string& directory);

class LedgerFollow {
 public:
  LedgerFollow(net::FolderWatch& watch, std::string directory, std::function<void()> grown);
  ~LedgerFollow();

  // Makes the directory and watches it. `read`: a reader of it that has come some way already; null: it is read from the start.
  Result<> open(std::unique_ptr<hls::LedgerReader> read = nullptr);
  // A reader for open() to go on with.
  static std::unique_ptr<hls::LedgerReader> read_ahead(const std::string& directory);
  void poll();       // reads what is new
  const std::string& directory() const { return directory_; }

  std::optional<std::int64_t> epoch_ms() const;
  std::optional<milliseconds> segment() const;
  std::optional<milliseconds> part() const;
  bool ended() const { return reader_->ended(); }
  bool has_independent_part() const { return independent_; }
  // Where the least advanced live rendition of a run's kinds ends; those without a part yet count as at `from`.
  // Nothing while there is no rendition. Renditions that stopped more than `stale` before the others do not count.
  std::optional<std::int64_t> least_end(const media::Run& run, std::int64_t from, microseconds stale) const;
  bool holds(std::string_view rendition) const;
  // Where a rendition ends: at `from` without a part yet, at the end of time while it is shed. The ledger must hold it.
  std::int64_t end_of(std::string_view rendition, std::int64_t from) const;
  std::int64_t greatest_end() const;         // µs; 0 without parts
  std::optional<Wall> last_written() const;  // when its latest part was finished; nothing without parts
  // The same of the live rendition that is furthest behind, of pictures where there are any. Gaps are not counted, nor what stands alone
  // between them, as on a full disk: nobody can watch that.
  std::optional<Wall> last_shown() const;
  std::optional<Wall> newest_shown() const;  // of the one that is furthest on
  std::optional<microseconds> part_target() const;
  std::string resume() const;                // "source=US,audio=US": sluice_resume
  const std::vector<hls::Rendition>& renditions() const { return reader_->renditions(); }

 private:
  std::weak_ptr<net::FolderWatch> watch_;  // a stream whose last task was still on its way may outlive it
  std::string directory_;
  std::function<void()> grown_;
  std::unique_ptr<hls::LedgerReader> reader_;
  struct Shown {
    Wall at{};             // when its last part that counts was finished
    std::int64_t end = 0;  // of its last part, and whether that was a gap
    bool gap = false;
  };
  void note_shown();
  template <class Choose>
  std::optional<Wall> choose_shown(Choose choose) const;
  std::map<std::string, Shown> shown_;  // by rendition
  std::optional<int> watching_;
  bool independent_ = false;
};

}  // namespace sluice::ingestd
