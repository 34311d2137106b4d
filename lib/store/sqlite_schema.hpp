#pragma once
// The schema's numbered steps. A step that has been released is never edited: the next change is a new step.
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sqlite/database.hpp"

namespace sluice::store {

int newest_schema();
std::string_view moderation_step();           // the third
std::string_view people_step();               // the fourth
std::string_view evasion_step();              // the fifth
std::string_view bits_step();                 // the sixth
std::string_view emote_step();                // the eighth
Result<int> schema_of(sqlite::Database& db);  // 0: empty

// Brings the database to the newest schema, one transaction a step; several processes may do so at once.
// Errc::config when a newer program has migrated it further.
Result<> migrate(sqlite::Database& db, Wall now);

}  // namespace sluice::store
