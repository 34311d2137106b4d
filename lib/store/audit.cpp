#include "store/audit.hpp"

#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "store/payloads.hpp"

namespace sluice::store {

namespace {
constexpr std::size_t page = 1000;
using Kind = AuditFault::Kind;

std::int64_t ms(Wall at) {
  return at.time_since_epoch().count();
}

std::string first_format(const std::string& previous, const AuditEntry& entry) {
  nlohmann::json fields{previous,         entry.id,
                        ms(entry.at),     entry.actor.user.value(),
                        entry.actor.name, entry.actor.address,
                        entry.action,     entry.target,
                        entry.reason};
  fields.push_back(entry.expires_at ? nlohmann::json(ms(*entry.expires_at)) : nlohmann::json());
  return one_line(fields);
}

std::string second_format(const std::string& previous, const AuditEntry& entry) {
  std::string bytes;
  auto text = [&](std::string_view field) { bytes += fmt::format("{}:{}", field.size(), field); };
  auto number = [&](std::int64_t field) { text(std::to_string(field)); };
  text(previous);
  number(entry.format);
  number(entry.id);
  number(ms(entry.at));
  number(entry.actor.user.value());
  text(entry.actor.name);
  text(entry.actor.address);
  text(entry.action);
  number(entry.channel.value());
  text(entry.channel_name);
  number(entry.target_user.value());
  text(entry.target);
  text(entry.reason);
  text(entry.expires_at ? std::to_string(ms(*entry.expires_at)) : "");
  text(entry.context);
  return bytes;
}

// What the hash of format 1 does not cover was never written with it.
bool uncovered(const AuditEntry& entry) {
  return entry.format == 1 && (entry.channel != ChannelId() || !entry.channel_name.empty() ||
                               entry.target_user != UserId() || !entry.context.empty());
}

// Is this what was written behind `last`?
bool follows(const AuditEntry& last, const AuditEntry& entry) {
  return !entry.hash.empty() && entry.hash == audit_hash(last.hash, entry) && !uncovered(entry) &&
         entry.format >= last.format;
}

AuditFault fault(Kind kind, std::int64_t entry, std::string what) {
  return {kind, entry, std::move(what)};
}

// The number under which the entry stands that should follow `last`; 0: none is it. In any other order the
// first entry out of its place is found so, since its predecessor is in its own.
Result<std::int64_t> place_of_next(Audit& audit, const AuditEntry& last) {
  for (std::int64_t read = last.id;;) {
    SLUICE_TRY_VALUE(std::vector<AuditEntry> entries, audit.since(read, page));
    if (entries.empty()) return 0;
    for (AuditEntry& entry : entries) {
      read = std::exchange(entry.id, last.id + 1);
      if (follows(last, entry)) return read;
    }
  }
}

Result<std::optional<AuditFault>> fault_at(Audit& audit, const AuditEntry& last, const AuditEntry& entry) {
  const std::int64_t due = last.id + 1;
  if (entry.id == due && follows(last, entry)) return std::nullopt;
  SLUICE_TRY_VALUE(std::int64_t place, place_of_next(audit, last));
  if (place) return fault(Kind::reordered, due, fmt::format("audit entry {} stands as entry {}", due, place));
  if (entry.id != due) return fault(Kind::missing, due, fmt::format("audit entry {} is missing", due));
  return fault(Kind::changed, due, fmt::format("audit entry {} was changed", due));
}

std::optional<AuditFault> fault_at_end(const AuditEntry& last, const AuditHead& head,
                                       const std::optional<AuditHead>& anchor) {
  if (head.id > last.id)
    return fault(Kind::cut, last.id + 1,
                 fmt::format("the audit log is cut off after entry {}: it had {}", last.id, head.id));
  if (head.id < last.id)
    return fault(Kind::added, head.id + 1,
                 fmt::format("audit entry {} was added behind the log's head", head.id + 1));
  if (head.hash != last.hash)
    return fault(Kind::changed, last.id,
                 fmt::format("audit entry {} is not the one that the log's head names", last.id));
  if (anchor && anchor->id > last.id)
    return fault(Kind::unanchored, last.id + 1,
                 fmt::format("the audit log ends at entry {}, the anchor is entry {}", last.id, anchor->id));
  return std::nullopt;
}

// Numbers begin with 1: what stands before is nobody's that was appended.
Result<std::optional<AuditFault>> fault_in_front(Audit& audit) {
  SLUICE_TRY_VALUE(const std::vector<AuditEntry> entries,
                   audit.since(std::numeric_limits<std::int64_t>::min(), 1));
  if (entries.empty() || entries.front().id > 0) return std::nullopt;
  return fault(
      Kind::added, entries.front().id,
      fmt::format("audit entry {} was added in front of the log's first, which is 1", entries.front().id));
}

struct Walk {
  AuditHead whole;  // the newest entry up to which nothing is wrong
  std::optional<AuditFault> fault;
};

Result<Walk> walk_through(Audit& audit, const std::optional<AuditHead>& anchor) {
  AuditEntry last{.format = 1};
  for (;;) {
    // The head first: what it names was there when the entries are read, so a log that is appended to
    // meanwhile does not look cut.
    SLUICE_TRY_VALUE(AuditHead head, audit.head());
    SLUICE_TRY_VALUE(std::vector<AuditEntry> entries, audit.since(last.id, page));
    if (entries.empty()) {
      std::optional<AuditFault> found = fault_at_end(last, head, anchor);
      if (!found) {
        SLUICE_TRY_VALUE(found, fault_in_front(audit));
      }
      return Walk{{last.id, last.hash}, std::move(found)};
    }
    for (AuditEntry& entry : entries) {
      SLUICE_TRY_VALUE(std::optional<AuditFault> found, fault_at(audit, last, entry));
      if (!found && anchor && anchor->id == entry.id && anchor->hash != entry.hash)
        found = fault(Kind::unanchored, entry.id,
                      fmt::format("audit entry {} is not the one that the anchor names", entry.id));
      if (found) return Walk{{last.id, last.hash}, std::move(found)};
      last = std::move(entry);
    }
  }
}
}  // namespace

std::string_view name(AuditFault::Kind kind) {
  switch (kind) {
    case Kind::missing:
      return "missing";
    case Kind::changed:
      return "changed";
    case Kind::reordered:
      return "reordered";
    case Kind::cut:
      return "cut";
    case Kind::added:
      return "added";
    case Kind::damaged:
      return "damaged";
    case Kind::unanchored:
      break;
  }
  return "unanchored";
}

std::string audit_hash(const std::string& previous, const AuditEntry& entry) {
  if (entry.format != 1 && entry.format != 2) return {};
  std::string bytes = entry.format == 1 ? first_format(previous, entry) : second_format(previous, entry);
  return hex(crypto::sha256(as_bytes(bytes)));
}

Result<std::optional<AuditFault>> Audit::first_fault(const std::optional<AuditHead>& anchor) {
  SLUICE_TRY_VALUE(Walk walk, walk_through(*this, anchor));
  return walk.fault;
}

Result<AuditHead> Audit::verify(const std::optional<AuditHead>& anchor) {
  SLUICE_TRY_VALUE(Walk walk, walk_through(*this, anchor));
  if (walk.fault) return fail(Errc::invalid, std::move(walk.fault->what));
  return std::move(walk.whole);
}

}  // namespace sluice::store
