#pragma once
// One ledger on its way to a bucket: what of it is to be sent next, and the record of what is there. When the stream has ended and all of
// it is there, the playlists of the whole stream follow, so that it plays from the bucket alone.
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "archive/agreement.hpp"
#include "archive/outbox.hpp"
#include "archive/uploads_file.hpp"
#include "base/clock.hpp"
#include "hls/ledger_feed.hpp"

namespace sluice::archive {

// One object: what it is called below the place's prefix, and where its bytes are.
struct Object {
  std::string key;                    // "alice/k3x9/source/12.m4s"
  std::string type, caching;          // Content-Type, Cache-Control
  std::string path;                   // of the file; empty: `text` is what is sent
  std::uint64_t bytes = 0;            // of the file; 0: all of it
  std::string text;
  std::optional<Item> item;           // none: a playlist
};

class LedgerUpload {
 public:
  // `ahead`: as Outbox has it. Lines of the record that are not true of this ledger are dropped first, and their objects put again.
  // Errc::not_found while the ledger has no header yet; Errc::conflict while another process uploads it.
  static Result<std::unique_ptr<LedgerUpload>> open(std::string directory, const std::string& place, std::size_t ahead, const Clock& clock);

  // Reads what the ledger has gained, and records what has gone meanwhile. Errors as LedgerFeed::poll.
  Result<> poll();

  // The next object to send. Playlists come one at a time, the multivariant one last.
  Result<std::optional<Object>> take();
  bool can_take() const { return outbox_.can_take() || (!playlists_.empty() && !playlist_under_way_); }
  void put_back(const Object& object);
  // It cannot be sent for a fault of its own: others go on, and take_up() says that it is tried again.
  void set_aside(const Object& object);
  void take_up(const Object& object);
  Result<> done(const Object& object, std::uint64_t bytes);  // it is there: recorded
  Result<> gone(const Object& object);                       // its file is there no more

  const std::string& directory() const { return feed_.directory(); }
  const std::string& channel() const { return channel_; }
  const std::string& stream() const { return stream_; }
  bool over() const { return outbox_.ended(); }               // the stream has ended
  bool finished() const { return file_.uploads().ended(); }   // and all of it is there
  bool idle() const { return outbox_.idle() && unwritten_.empty() && !playlist_under_way_ && (finished() || !over()); }
  std::uint64_t withdrawn() const { return withdrawn_; }      // segments that the record told of and this ledger has not, or others
  std::size_t waiting() const { return outbox_.waiting() + playlists_.size(); }
  std::uint64_t missed() const { return outbox_.missed(); }
  std::optional<Steady> waiting_since() const { return waiting_since_; }

 private:
  LedgerUpload(std::string directory, UploadsFile file, std::size_t ahead, const Clock& clock);
  Result<> record();
  Result<> draw();
  Object object_of(const Item& item) const;
  std::string key_of(const std::string& inside) const { return channel_ + "/" + stream_ + "/" + inside; }

  const Clock& clock_;
  hls::LedgerFeed feed_;
  UploadsFile file_;
  Outbox outbox_;
  std::string channel_, stream_;
  hls::Format format_ = hls::Format::cmaf;
  std::int64_t ended_ms_ = 0;
  std::uint64_t withdrawn_ = 0;
  std::vector<hls::UploadRecord> unwritten_;
  std::deque<Object> playlists_;
  bool drawn_ = false, playlist_under_way_ = false;
  std::optional<Steady> waiting_since_;  // since when something waits and nothing has moved
};

}  // namespace sluice::archive
