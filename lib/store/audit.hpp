#pragma once
// The audit log: who did what to whom, where, why. Append-only; every entry carries the hash of the one
// before it, so that an edit or a missing line shows, and the log's head is kept beside it, so that a tail
// that was cut off shows, too. Who may write to the store's file can write the whole log anew: that shows
// only against an anchor, a head that was noted elsewhere.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice::store {

// Who acts: a user of the platform, or somebody at the machine's own shell.
struct Actor {
  UserId user;          // 0: not a user of the platform
  std::string name;     // "alice", "unix:root"
  std::string address;  // "192.0.2.7", "local"
};

struct AuditEntry {
  std::int64_t id = 0;  // 1, 2, 3… without holes; given by append()
  Wall at;              // given by append()
  Actor actor;
  std::string action;  // "stream_key.regenerate"
  ChannelId channel;   // where; 0: in none
  std::string channel_name;
  UserId target_user;  // whom; 0: no user
  std::string target;  // "channel:demo", "token:7", "user:bob"
  std::string reason;
  std::optional<Wall> expires_at;
  std::string context;  // one JSON object on one line, of what stood around the act (messages, settings, a
                        // verdict); or empty
  int format = 2;  // which fields `hash` covers: 1 as until schema 2 (none of channel, target_user, context),
                   // 2 all; given by append()
  std::string hash;  // audit_hash() over the previous entry's; given by append()
};

// The newest entry. Noted elsewhere it is an anchor: what verify() finds to hold it has not been rewritten up
// to there.
struct AuditHead {
  std::int64_t id = 0;  // 0: the log is empty
  std::string hash;
  bool operator==(const AuditHead&) const = default;
};

// What is wrong at the first place where something is.
struct AuditFault {
  enum class Kind {
    missing,     // an entry is not there, later ones are
    changed,     // a field is not what was written
    reordered,   // an entry stands, unchanged, under another number
    cut,         // the log ends before its head
    added,       // there are entries behind the log's head, or before its first
    damaged,     // the store does not find entries by, or guard them with, what Sluice made for that
    unanchored,  // whole in itself, and not the log that the anchor was taken of
  };
  Kind kind = Kind::changed;
  std::int64_t entry = 0;
  std::string what;  // "audit entry 2 was changed"
};
std::string_view name(AuditFault::Kind kind);

struct AuditFilter {
  ChannelId channel;                // 0: any
  UserId actor;                     // 0: any
  UserId target_user;               // 0: any
  std::string action;               // what actions begin with: "ban", "mod."; empty: any
  std::optional<Wall> from, until;  // until is not included
};
enum class AuditOrder { oldest_first, newest_first };

class Audit {
 public:
  virtual ~Audit() = default;
  // Errc::invalid for a context that is no JSON object.
  virtual Result<AuditEntry> append(AuditEntry entry) = 0;
  virtual Result<AuditEntry> by_id(std::int64_t id) = 0;  // Errc::not_found
  virtual Result<std::vector<AuditEntry>> since(std::int64_t id,
                                                std::size_t limit) = 0;  // entries after `id`, in order
  // Those that the filter lets through, beyond `id` in the given order; 0: from the log's end.
  virtual Result<std::vector<AuditEntry>> find(const AuditFilter& filter, AuditOrder order, std::int64_t id,
                                               std::size_t limit) = 0;
  virtual Result<AuditHead> head() = 0;
  // What is wrong with how the store keeps the log, and not with what stands in it: an index that leaves an
  // entry out hides it from find(), and a guard that is gone lets entries be changed. Reads the log and its
  // indexes.
  virtual Result<std::vector<AuditFault>> damage() = 0;

  // Reads the whole log, while others go on writing to it.
  Result<std::optional<AuditFault>> first_fault(const std::optional<AuditHead>& anchor = std::nullopt);
  // Errc::invalid saying what the first fault is. The head up to which the log is whole otherwise.
  Result<AuditHead> verify(const std::optional<AuditHead>& anchor = std::nullopt);
};

// Lower-case hex SHA-256. Of format 2: over previous hash, "2", id, at, actor's id, name and address, action,
// channel id and name, target user's id, target, reason, expiry and context, each as LENGTH:BYTES, so that no
// two entries have the same bytes; times are milliseconds since 1970, what is not there is empty, ids are
// decimal. Of format 1: over a JSON array. Empty for a format that is not known.
std::string audit_hash(const std::string& previous, const AuditEntry& entry);

}  // namespace sluice::store
