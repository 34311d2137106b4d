#include "net/folder_watch.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "os/file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Folders {
  std::string root = std::filesystem::temp_directory_path() / "sluice-folders-XXXXXX";
  net::Loop loop;
  std::shared_ptr<net::FolderWatch> watch;
  std::map<std::string, int> changes;
  net::Timer limit{loop};

  Folders() {
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    watch = *net::FolderWatch::open(loop);
  }
  ~Folders() { std::filesystem::remove_all(root); }
  int add(const std::string& name, std::function<void()> also = [] {}) {
    std::filesystem::create_directory(root + "/" + name);
    return *watch->add(root + "/" + name, [this, name, also] {
      ++changes[name];
      also();
      loop.stop();
    });
  }
  void write(const std::string& file) { std::ofstream(root + "/" + file, std::ios::app) << "x"; }
  bool changed(std::chrono::milliseconds most = 20s) {
    bool late = false;
    limit.after(most, [&] {
      late = true;
      loop.stop();
    });
    loop.run();
    return !late;
  }
};

}  // namespace

TEST_CASE("a folder's changes are told of, many at a time") {
  Folders folders;
  folders.add("a");
  const int b = folders.add("b");
  folders.write("a/1");
  folders.write("b/1");
  folders.write("a/1");
  REQUIRE(folders.changed());
  CHECK(folders.changes == std::map<std::string, int>{{"a", 1}, {"b", 1}});
  folders.watch->remove(b);
  folders.write("b/1");
  folders.write("a/2");
  REQUIRE(folders.changed());
  CHECK(folders.changes == std::map<std::string, int>{{"a", 2}, {"b", 1}});
}

TEST_CASE("a change may end the watch that tells of it, and others") {
  Folders folders;
  int a = -1, b = -1;
  a = folders.add("a", [&] {
    folders.watch->remove(a);
    folders.watch->remove(b);
  });
  b = folders.add("b");
  folders.write("a/1");
  folders.write("b/1");
  REQUIRE(folders.changed());
  CHECK(folders.changes == std::map<std::string, int>{{"a", 1}});
}

TEST_CASE("when more has changed than the kernel keeps, every folder is looked at") {
  std::ifstream file("/proc/sys/fs/inotify/max_queued_events");
  int kept = 0;
  REQUIRE(file >> kept);
  if (kept > 200'000) return;  // this machine keeps more than a test should write
  Folders folders;
  folders.add("a");
  folders.add("b");
  for (int i = 0; i < kept / 2 + 10; ++i) folders.write("a/" + std::to_string(i));  // each is made and written
  folders.write("b/1");
  REQUIRE(folders.changed());
  CHECK(folders.changes["a"] == 1);
  CHECK(folders.changes["b"] == 1);
}
