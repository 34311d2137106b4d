#pragma once
// SQLite, thinly: an owned connection, prepared statements kept for reuse, transactions. No policy and no
// schema here. A Database belongs to one thread at a time. Statements and transactions must end before their
// Database does.
//
// Errors: Errc::exists for a broken UNIQUE or primary key, Errc::conflict for any other broken constraint,
// Errc::unavailable when the file stayed locked for busy_timeout, Errc::denied when it cannot be opened or is
// read-only, Errc::io for a full disk or a damaged file, Errc::internal for SQL that does not compile.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::sqlite {

class Database;

// A prepared statement lent by its Database, with its arguments bound; it goes back when destroyed.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Result<bool> step();  // true: there is a row
  Result<> run();       // to the end

  // Columns of the row, from 0.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  bool null(int column) const;

  void bind(int index, std::int64_t value);  // parameters, from 1
  void bind(int index, std::string_view value);
  void bind(int index, std::nullptr_t);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}
  Database* database_;
  sqlite3_stmt* statement_;
};

class Database {
 public:
  // Opens, or makes, the file; with foreign keys on and `busy_timeout` for locks.
  static Result<Database> open(const std::string& path, milliseconds busy_timeout);
  // Opens a file that is there, to read only.
  static Result<Database> open_for_reading(const std::string& path, milliseconds busy_timeout);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  Result<> run_script(std::string_view sql);  // statements separated by ';', without arguments or rows

  // One statement with its arguments: integers, texts, nullptr, or optionals of these.
  template <class... Arguments>
  Result<Statement> query(std::string_view sql, const Arguments&... arguments) {
    SLUICE_TRY_VALUE(Statement statement, prepare(sql));
    int index = 0;
    (statement.bind(++index, arguments), ...);
    return statement;
  }
  template <class... Arguments>
  Result<> run(std::string_view sql, const Arguments&... arguments) {
    SLUICE_TRY_VALUE(Statement statement, query(sql, arguments...));
    return statement.run();
  }

  std::int64_t last_row_id() const;
  std::int64_t changes() const;  // rows that the last INSERT, UPDATE or DELETE touched

 private:
  friend class Statement;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  static Result<Database> open(const std::string& path, milliseconds busy_timeout, int flags);
  Result<Statement> prepare(std::string_view sql);
  void give_back(sqlite3_stmt* statement);
  std::unexpected<Error> failed(std::string_view doing) const;

  sqlite3* handle_;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle_;  // by their SQL
};

// BEGIN IMMEDIATE … COMMIT; rolled back when destroyed without commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// SAVEPOINT … RELEASE within a transaction: what follows it is undone when it is destroyed without release().
// At most one at a time.
class Savepoint {
 public:
  static Result<Savepoint> begin(Database& database);
  Savepoint(Savepoint&& other) noexcept;
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint();
  Result<> release();

 private:
  explicit Savepoint(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace sluice::sqlite
