// What finds the audit log's entries, and what guards them: as Sluice makes it, or not.
#include <map>
#include <utility>

#include <fmt/format.h>

#include "store/sqlite_engine.hpp"
#include "store/sqlite_schema.hpp"

namespace sluice::store {

namespace {
using Kind = AuditFault::Kind;

AuditFault damaged(std::string_view what) {
  return {Kind::damaged, 0, fmt::format("the audit log's {}", what)};
}

// Tables, indexes and triggers, "index audit_of_actor", with the statements that made them.
using Parts = std::map<std::string, std::string>;
Result<Parts> parts_of(sqlite::Database& db) {
  SLUICE_TRY_VALUE(auto rows,
                   collect(db.query("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema "
                                    "WHERE tbl_name IN ('audit', 'audit_head')"),
                           [](auto& row) { return std::pair(row.text(0), row.text(1)); }));
  return Parts(rows.begin(), rows.end());
}

// Of a store that is made now, in memory.
Result<Parts> parts_as_made() {
  SLUICE_TRY_VALUE(auto fresh, sqlite::Database::open(":memory:", milliseconds(0)));
  SLUICE_TRY(migrate(fresh, Wall()));
  return parts_of(fresh);
}

void compare(const Parts& there, const Parts& made, std::vector<AuditFault>& faults) {
  for (const auto& [name, sql] : made) {
    const auto found = there.find(name);
    if (found == there.end())
      faults.push_back(damaged(name + " is missing"));
    else if (found->second != sql)
      faults.push_back(damaged(name + " is not as Sluice made it"));
  }
  for (const auto& [name, sql] : there)
    if (!made.contains(name)) faults.push_back(damaged(name + " is not Sluice's"));
}
}  // namespace

// An index that was made with another condition, and whose statement was put back, shows by its entries only.
Result<std::vector<AuditFault>> SqliteAudit::damage() {
  return core_.read([](sqlite::Database& db, Wall) -> Result<std::vector<AuditFault>> {
    std::vector<AuditFault> faults;
    SLUICE_TRY_VALUE(const Parts made, parts_as_made());
    SLUICE_TRY_VALUE(const Parts there, parts_of(db));
    compare(there, made, faults);
    for (const char* check : {"PRAGMA integrity_check('audit')", "PRAGMA integrity_check('audit_head')"}) {
      SLUICE_TRY_VALUE(const auto told, collect(db.query(check), [](auto& row) { return row.text(0); }));
      for (const std::string& each : told)
        if (each != "ok") faults.push_back(damaged("store is damaged: " + each));
    }
    return faults;
  });
}

}  // namespace sluice::store
