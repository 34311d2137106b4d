#include "sqlite/database.hpp"

#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace sluice;
using namespace sluice::sqlite;

namespace {
Database memory() {
  return Database::open(":memory:", milliseconds(10)).value();
}
std::int64_t count(Database& database, std::string_view table) {
  auto statement = database.query("SELECT count(*) FROM " + std::string(table)).value();
  REQUIRE(statement.step().value());
  return statement.integer(0);
}
}  // namespace

TEST_CASE("values go in and come out") {
  Database database = memory();
  REQUIRE(database.run_script(
      "CREATE TABLE t(i INTEGER, s TEXT, n TEXT) STRICT; CREATE TABLE u(x INTEGER) STRICT"));
  REQUIRE(database.run("INSERT INTO t VALUES (?, ?, ?)", std::int64_t{1} << 40, std::string_view("a\0b", 3),
                       std::optional<std::string_view>()));
  REQUIRE(database.run("INSERT INTO t VALUES (?, ?, ?)", 2, std::string_view(), nullptr));
  CHECK(database.changes() == 1);
  CHECK(database.last_row_id() == 2);
  auto rows = database.query("SELECT i, s, n FROM t ORDER BY rowid").value();
  REQUIRE(rows.step().value());
  CHECK(rows.integer(0) == std::int64_t{1} << 40);
  CHECK(rows.text(1) == std::string("a\0b", 3));
  CHECK(rows.null(2));
  REQUIRE(rows.step().value());
  CHECK_FALSE(rows.null(1));
  CHECK(rows.text(1).empty());
  CHECK_FALSE(rows.step().value());
}

TEST_CASE("a statement in use is not lent twice") {
  Database database = memory();
  REQUIRE(database.run_script("CREATE TABLE t(i INTEGER) STRICT; INSERT INTO t VALUES (1), (2)"));
  auto outer = database.query("SELECT i FROM t ORDER BY i").value();
  REQUIRE(outer.step().value());
  auto inner = database.query("SELECT i FROM t ORDER BY i").value();
  REQUIRE(inner.step().value());
  CHECK(inner.integer(0) == 1);
  REQUIRE(outer.step().value());
  CHECK(outer.integer(0) == 2);
}

TEST_CASE("a transaction that is not committed never was") {
  Database database = memory();
  REQUIRE(database.run_script("CREATE TABLE t(i INTEGER UNIQUE) STRICT"));
  {
    auto transaction = Transaction::begin(database).value();
    REQUIRE(database.run("INSERT INTO t VALUES (1)"));
  }
  CHECK(count(database, "t") == 0);
  {
    auto transaction = Transaction::begin(database).value();
    REQUIRE(database.run("INSERT INTO t VALUES (1)"));
    REQUIRE(transaction.commit());
  }
  CHECK(count(database, "t") == 1);
}

TEST_CASE("what follows a savepoint is undone alone") {
  Database database = memory();
  REQUIRE(database.run_script("CREATE TABLE t(i INTEGER) STRICT"));
  {
    auto transaction = Transaction::begin(database).value();
    for (int i = 1; i <= 4; ++i) {
      auto savepoint = Savepoint::begin(database).value();
      REQUIRE(database.run("INSERT INTO t VALUES (?)", std::int64_t{i}));
      if (i % 2) REQUIRE(savepoint.release());
    }
    CHECK(count(database, "t") == 2);
    REQUIRE(transaction.commit());
  }
  CHECK(count(database, "t WHERE i IN (1, 3)") == 2);
}

TEST_CASE("errors say which kind they are") {
  Database database = memory();
  REQUIRE(
      database.run_script("CREATE TABLE p(i INTEGER PRIMARY KEY) STRICT;"
                          "CREATE TABLE t(i INTEGER UNIQUE REFERENCES p(i)) STRICT;"
                          "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1)"));
  CHECK(database.run("INSERT INTO t VALUES (1)").error().code == Errc::exists);
  CHECK(database.run("INSERT INTO p VALUES (1)").error().code == Errc::exists);
  CHECK(database.run("INSERT INTO t VALUES (7)").error().code == Errc::conflict);
  CHECK(database.run("SELECT nonsense").error().code == Errc::internal);
  CHECK(Database::open("/nonexistent/dir/file.db", milliseconds(0)).error().code == Errc::denied);
}

TEST_CASE("who opens a file for reading makes none and changes nothing") {
  const std::string path =
      std::filesystem::temp_directory_path() / ("sluice-reading-" + std::to_string(::getpid()) + ".db");
  CHECK(Database::open_for_reading(path, milliseconds(0)).error().code == Errc::denied);
  CHECK_FALSE(std::filesystem::exists(path));
  REQUIRE(Database::open(path, milliseconds(0))
              ->run_script("PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER) STRICT; INSERT INTO t VALUES (1)"));
  {
    Database reader = Database::open_for_reading(path, milliseconds(0)).value();
    CHECK(count(reader, "t") == 1);
    CHECK(reader.run("INSERT INTO t VALUES (2)").error().code == Errc::denied);
  }
  std::filesystem::remove(path);
  for (const char* more : {"-wal", "-shm"}) std::filesystem::remove(path + more);
}
