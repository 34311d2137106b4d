#pragma once
// What of a ledger is to be uploaded, and in which order: its records and what was done in, items and lines of the uploads record out
// (sans-IO). Items may be sent several at once; lines come in order, so that whoever reads the record knows that all before a segment is there.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hls/uploads.hpp"

namespace sluice::archive {

struct Item {
  enum class Kind { header, segment };
  Kind kind = Kind::segment;
  std::string rendition;
  std::uint64_t number = 0;  // N of init-N.mp4, or MSN
  std::uint64_t bytes = 0;   // of a segment's file; 0 for a header: all of it
  bool audio = false;
  std::uint64_t serial = 0;  // its place in the order in which they were finished
};

class Outbox {
 public:
  // `uploads`: what has been recorded so far, which the caller keeps up to date with records(). Borrowed.
  // `ahead`: how many items, from the oldest that is being sent on, may be sent before it is there. They cannot be recorded before it, and
  // would be sent again by the next process if this one were killed.
  Outbox(const hls::Uploads& uploads, std::size_t ahead) : uploads_(uploads), ahead_(ahead) {}

  void apply(const hls::Record& record);  // of the ledger, believed

  std::optional<Item> take();             // the next to send; none while one that is being sent is too far behind
  bool can_take() const;
  void put_back(const Item& item);        // it was not sent: it comes again, at its place
  // It cannot be sent for a fault of its own, and nobody waits for it; take_up() before it is tried again. Of a rendition with
  // `most_aside` such items no more are taken.
  void set_aside(const Item& item);
  void take_up(const Item& item);
  void done(const Item& item, std::uint64_t bytes, std::optional<std::uint32_t> crc = {});  // it is there; `crc`: of a header
  void gone(const Item& item);            // a segment's file has been removed
  static constexpr std::size_t most_aside = 8;

  // The lines that may be written now; told once.
  std::vector<hls::UploadRecord> records();

  std::size_t waiting() const { return waiting_; }
  bool idle() const { return waiting_ == 0 && sending_.empty() && aside_ == 0; }
  bool ended() const { return ended_; }   // the ledger has
  std::uint64_t missed() const { return missed_; }  // segments that were gone

 private:
  enum class State { open, pending, there, gone };
  struct Segment {
    MediaSequence msn = 0;
    std::uint64_t bytes = 0;
    std::int64_t wall_ms = 0;
    std::optional<std::uint32_t> init;
    State state = State::open;
    std::uint64_t serial = 0;
  };
  struct Header {
    State state = State::pending;
    std::uint64_t bytes = 0;
    std::optional<std::uint32_t> crc;
    bool told = false;
  };
  struct Rendition {
    bool audio = false;
    std::map<std::uint32_t, Header> headers;
    std::deque<Segment> segments;  // that are not in the record yet; only the last may be open
    std::map<std::uint64_t, std::uint32_t> waiting_headers;  // N of init-N.mp4, by serial
    std::deque<MediaSequence> waiting;                       // segments; hours of them are some bytes each
    std::size_t aside = 0;

    Segment* find(MediaSequence msn);
    const Segment* find(MediaSequence msn) const { return const_cast<Rendition*>(this)->find(msn); }
    std::optional<std::uint64_t> oldest() const;  // the serial of what is to go first
  };
  using Renditions = std::map<std::string, Rendition, std::less<>>;
  void declare(const hls::RenditionRecord& record);
  void append(const hls::PartRecord& record);
  void finish(Rendition& rendition);
  void remove_before(MediaSequence msn);
  Renditions::const_iterator next() const;
  Segment* find(const Item& item);
  void tell(const std::string& name, Rendition& rendition, std::vector<hls::UploadRecord>& out);

  const hls::Uploads& uploads_;
  std::size_t ahead_;
  Renditions renditions_;
  std::set<std::uint64_t> sending_;        // serials
  std::size_t waiting_ = 0, aside_ = 0;    // of all renditions
  std::uint64_t next_serial_ = 0, missed_ = 0;
  bool ended_ = false;
};

}  // namespace sluice::archive
