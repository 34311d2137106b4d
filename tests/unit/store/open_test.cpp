#include <sys/stat.h>

#include "os/file.hpp"
#include "sqlite/database.hpp"
#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
unsigned mode_of(const std::filesystem::path& path) {
  struct stat status;
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}
}  // namespace

TEST_CASE("what holds hashes is for its owner's eyes") {
  Fresh fresh;
  fresh.user();
  CHECK(mode_of(fresh.folder.path / "platform") == 0700);
  for (const char* file : {"store.db", "store.db-wal", "store.db-shm"})
    CHECK(mode_of(fresh.folder.path / "platform" / file) == 0600);
}

TEST_CASE("an opened store keeps what an earlier one wrote") {
  Fresh fresh;
  fresh.user();
  fresh.store = open_store(fresh.url, fresh.clock, fresh.random).value();
  CHECK(fresh->users().by_name("alice"));
  CHECK(fresh->check());
}

TEST_CASE("secrets are nowhere in the file") {
  Fresh fresh;
  Channel channel = fresh.channel();
  std::string key = fresh->credentials().rotate_key(channel.id, shell).value();
  auto token =
      fresh->credentials().issue_token(channel.owner, {platform::Scope::chat_read}, {}, shell).value();
  std::string ticket = fresh->credentials().issue_ticket(token.secret).value().secret;
  REQUIRE(fresh->leases().take("a marker that is found", "owner", "node"));
  std::string bytes;
  for (const char* file : {"store.db", "store.db-wal"})
    bytes += os::read_file((fresh.folder.path / "platform" / file).string()).value();
  CHECK(bytes.find("a marker that is found") != std::string::npos);
  for (const std::string& secret : {key, token.secret, ticket})
    CHECK(bytes.find(secret) == std::string::npos);
}

TEST_CASE("a store of a newer Sluice is left alone") {
  Fresh fresh;
  fresh.store.reset();
  {
    auto db = sqlite::Database::open(fresh.url.substr(7), milliseconds(100)).value();
    REQUIRE(db.run("INSERT INTO schema_version VALUES (999, 0)"));
  }
  CHECK(code_of(open_store(fresh.url)) == Errc::config);
}

TEST_CASE("a URL that names no store, a file that is none, a place that is closed") {
  CHECK(code_of(open_store("mysql:x")) == Errc::config);
  CHECK(code_of(open_store("sqlite:")) == Errc::config);
  Folder folder;
  std::string path = (folder.path / "x.db").string();
  REQUIRE(os::write_file_atomically(path, std::string(5000, 'x')));
  CHECK(code_of(open_store("sqlite:" + path)) == Errc::io);
  CHECK_FALSE(open_store("sqlite:/proc/none/store.db"));
}
