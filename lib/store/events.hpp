#pragma once
// The event log (sluice-events(5)): facts, written in the same transaction as the change they tell of.
//
// Cursors follow commit order: whoever has read up to N has missed nothing at or below N. SQLite gives this
// by BEGIN IMMEDIATE (one writer at a time); PostgreSQL will take a transaction-level advisory lock just
// before the insert, the last statement of its transaction, so that the order of numbers is the order of
// commits.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice::store {

using Cursor = Id<struct CursorTag, std::int64_t>;  // 0: before the first event

struct Event {
  Cursor cursor;
  std::string name;   // "stream.online"
  ChannelId channel;  // 0: of no channel
  Wall at;
  std::string payload;  // one JSON object on one line
};

class Events {
 public:
  virtual ~Events() = default;
  // Events after `cursor`, in order, at most `limit`.
  virtual Result<std::vector<Event>> since(Cursor cursor, std::size_t limit = 500) = 0;
  virtual Result<Cursor> last() = 0;
  // For facts that change nothing else in the store. Errc::invalid unless `payload` is a JSON object.
  virtual Result<Event> append(std::string_view name, ChannelId channel, std::string_view payload) = 0;
};

// {"cursor":7,"event":"stream.online","channel_id":"1","at":"2026-01-02T03:04:05.678Z","data":{…}}: the line
// of an NDJSON tail.
std::string to_json(const Event& event);

}  // namespace sluice::store
