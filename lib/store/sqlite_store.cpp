#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>

#include "os/file.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_schema.hpp"

namespace sluice::store {

namespace {
constexpr milliseconds busy_timeout{5000};

Result<bool> is_wal(sqlite::Database& db) {
  return first(
      db.query("PRAGMA journal_mode"), [](auto& row) { return row.text(0) == "wal"; }, "");
}

// Going over to WAL needs the file alone, and SQLite does not wait for that as it waits for other locks: so
// processes that start at once take turns on the directory.
Result<> prepare(sqlite::Database& db, const std::filesystem::path& directory, Wall now) {
  SLUICE_TRY_VALUE(os::UniqueFd turn, os::open_file(directory, O_RDONLY | O_DIRECTORY));
  while (::flock(turn.get(), LOCK_EX) != 0)
    if (errno != EINTR) return fail_errno("lock " + directory.string());
  SLUICE_TRY(db.run_script("PRAGMA journal_mode = WAL"));
  return migrate(db, now);
}
}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, Clock& clock, Random& random) {
  std::filesystem::path directory = std::filesystem::absolute(path).parent_path();
  SLUICE_TRY(os::make_directories(directory, 0700));
  SLUICE_TRY(os::make_private_file(path));
  SLUICE_TRY_VALUE(sqlite::Database db, sqlite::Database::open(path, busy_timeout));
  SLUICE_TRY_VALUE(bool wal, is_wal(db));
  SLUICE_TRY_VALUE(int version, schema_of(db));
  if (!wal || version != newest_schema()) SLUICE_TRY(prepare(db, directory, clock.wall()));
  SLUICE_TRY(db.run_script("PRAGMA synchronous = FULL"));
  return std::make_unique<SqliteStore>(std::move(db), clock, random);
}

Result<> SqliteStore::check() {
  return core_.read([](sqlite::Database& db, Wall) -> Result<> {
    SLUICE_TRY(schema_of(db));
    return {};
  });
}

}  // namespace sluice::store
