#include "sqlite/database.hpp"

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace sluice::sqlite {

namespace {
Errc errc_of(int extended) {
  if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
      extended == SQLITE_CONSTRAINT_ROWID)
    return Errc::exists;
  switch (extended & 0xFF) {
    case SQLITE_CONSTRAINT:
      return Errc::conflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::unavailable;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Errc::denied;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::io;
    default:
      return Errc::internal;
  }
}

std::string hint_of(int extended) {
  switch (extended & 0xFF) {
    case SQLITE_BUSY:
      return "another process holds the database: try again";
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_CANTOPEN:
      return "look at the permissions of the file and of its directory";
    case SQLITE_READONLY:
      return "the file, its -wal or its -shm file is not writable for this user";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged or no SQLite database: restore it from a backup";
    default:
      return {};
  }
}
}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
  if (statement_) database_->give_back(statement_);
}

Result<bool> Statement::step() {
  switch (::sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return database_->failed(::sqlite3_sql(statement_));
  }
}

Result<> Statement::run() {
  for (;;) {
    SLUICE_TRY_VALUE(bool row, step());
    if (!row) return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  auto* chars = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
  return chars ? std::string(chars, ::sqlite3_column_bytes(statement_, column)) : std::string();
}

bool Statement::null(int column) const {
  return ::sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

// A bad index is the only way these fail: a broken promise that the first test of the statement shows, as
// SQLite then sees NULL.
void Statement::bind(int index, std::int64_t value) {
  ::sqlite3_bind_int64(statement_, index, value);
}
void Statement::bind(int index, std::string_view value) {
  const char* data = value.data() ? value.data() : "";  // a null pointer would be NULL, not the empty text
  ::sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Statement::bind(int index, std::nullptr_t) {
  ::sqlite3_bind_null(statement_, index);
}

Result<Database> Database::open(const std::string& path, milliseconds busy_timeout) {
  return open(path, busy_timeout, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<Database> Database::open_for_reading(const std::string& path, milliseconds busy_timeout) {
  return open(path, busy_timeout, SQLITE_OPEN_READONLY);
}

Result<Database> Database::open(const std::string& path, milliseconds busy_timeout, int flags) {
  sqlite3* handle = nullptr;
  int status = ::sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (!handle) return fail(Errc::internal, "open " + path + ": out of memory");
  Database database(handle);
  if (status != SQLITE_OK) return database.failed("open " + path);
  ::sqlite3_extended_result_codes(handle, 1);
  ::sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout.count()));
  SLUICE_TRY(database.run_script("PRAGMA foreign_keys = ON"));
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), idle_(std::exchange(other.idle_, {})) {}

Database::~Database() {
  for (auto& [sql, statement] : idle_) ::sqlite3_finalize(statement);
  ::sqlite3_close(handle_);
}

Result<> Database::run_script(std::string_view sql) {
  if (::sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failed(sql);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (auto at = idle_.find(sql); at != idle_.end()) {
    sqlite3_stmt* statement = at->second;
    idle_.erase(at);
    return Statement(*this, statement);
  }
  sqlite3_stmt* statement = nullptr;
  if (::sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement, nullptr) != SQLITE_OK)
    return failed(sql);
  return Statement(*this, statement);
}

void Database::give_back(sqlite3_stmt* statement) {
  ::sqlite3_reset(statement);
  ::sqlite3_clear_bindings(statement);
  idle_.emplace(::sqlite3_sql(statement), statement);
}

std::int64_t Database::last_row_id() const {
  return ::sqlite3_last_insert_rowid(handle_);
}
std::int64_t Database::changes() const {
  return ::sqlite3_changes64(handle_);
}

std::unexpected<Error> Database::failed(std::string_view doing) const {
  int extended = ::sqlite3_extended_errcode(handle_);
  return fail(errc_of(extended), fmt::format("{}: {}", doing, ::sqlite3_errmsg(handle_)), hint_of(extended));
}

Result<Transaction> Transaction::begin(Database& database) {
  SLUICE_TRY(database.run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // A failed COMMIT or a full disk may have rolled back by itself already: then this says so, to nobody.
  if (database_) (void)database_->run("ROLLBACK");
}

Result<> Transaction::commit() {
  SLUICE_TRY(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

Result<Savepoint> Savepoint::begin(Database& database) {
  SLUICE_TRY(database.run("SAVEPOINT one"));
  return Savepoint(database);
}

Savepoint::Savepoint(Savepoint&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Savepoint::~Savepoint() {
  if (database_ && database_->run("ROLLBACK TO one")) (void)database_->run("RELEASE one");
}

Result<> Savepoint::release() {
  SLUICE_TRY(database_->run("RELEASE one"));
  database_ = nullptr;
  return {};
}

}  // namespace sluice::sqlite
