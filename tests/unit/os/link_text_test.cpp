// What a link says that leads to another folder.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "os/file.hpp"

namespace fs = std::filesystem;
using namespace sluice::os;

namespace {
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "link-XXXXXX").string();
    path = fs::canonical(::mkdtemp(name.data()));
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};
}  // namespace

TEST_CASE("a link between neighbours is relative, any other absolute") {
  const Folder folder;
  const auto in = [&](const char* name) { return (folder.path / name).string(); };
  for (const char* name : {"ledgers", "live", "disk", "disk/ledgers"}) fs::create_directory(in(name));
  CHECK(link_text(in("ledgers"), in("live")) == "../ledgers");
  CHECK(link_text(in("ledgers") + "/", in("live") + "/") == "../ledgers");
  CHECK(link_text(in("not-yet"), in("live")) == "../not-yet");
  CHECK(link_text(in("disk/ledgers"), in("live")) == in("disk/ledgers"));
  fs::create_directory_symlink("disk/ledgers", in("elsewhere"));
  CHECK(link_text(in("elsewhere"), in("live")) == in("disk/ledgers"));
  fs::create_directory_symlink("live", in("shown"));
  CHECK(link_text(in("ledgers"), in("shown")) == "../ledgers");
}

TEST_CASE("a path of the working directory is a path like others") {
  const Folder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path);
  CHECK(link_text("ledgers", "live") == "../ledgers");
  CHECK(link_text("disk/ledgers", "live") == (folder.path / "disk/ledgers").string());
  fs::current_path(before);
}
