#pragma once
// The audit log: who did what to whom, where, why. Append-only; every entry carries the hash of the one
// before it, so that an edit or a missing line shows.
#include <cstdint>
#include <optional>
#include <string>
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
  std::string target;  // "channel:demo", "token:7"
  std::string reason;
  std::optional<Wall> expires_at;
  std::string hash;  // hex SHA-256 over the previous entry's hash and this entry's fields; given by append()
};

class Audit {
 public:
  virtual ~Audit() = default;
  virtual Result<AuditEntry> append(AuditEntry entry) = 0;
  virtual Result<std::vector<AuditEntry>> since(std::int64_t id,
                                                std::size_t limit) = 0;  // entries after `id`, in order
  virtual Result<> verify() = 0;  // Errc::invalid naming the first entry that is missing or was changed
};

}  // namespace sluice::store
