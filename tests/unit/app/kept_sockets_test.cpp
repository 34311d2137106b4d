#include "app/kept_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

using namespace sluice;

namespace {
std::string make_folder() {
  char name[] = "/tmp/sluice-kept-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  return name;
}

// A keeper on its thread, which sees to `calls` daemons.
struct Keeping {
  explicit Keeping(int calls) {
    auto listening = os::PacketSocket::listen(path);
    REQUIRE(listening);
    door = std::move(*listening);
    thread = std::thread([this, calls] {
      for (int served = 0; served < calls;) {
        const auto daemon = door.accept();
        if (!daemon || !*daemon) {
          std::this_thread::yield();
          continue;
        }
        if (!keeper.serve(**daemon)) ++refused;
        ++served;
      }
    });
  }
  ~Keeping() {
    thread.join();
    std::filesystem::remove_all(folder);
  }
  std::string folder = make_folder();
  std::string path = folder + "/sockets";
  os::PacketSocket door;
  app::SocketKeeper keeper;
  int refused = 0;
  std::thread thread;
};

os::UniqueFd make() { return os::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

// Of one and the same socket, however many descriptors it has.
bool same(int a, int b) {
  struct stat one{}, other{};
  return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_ino == other.st_ino;
}
}  // namespace

TEST_CASE("a daemon's sockets outlive it, each under its port's name, and are the next one's alone") {
  Keeping keeping(4);
  const os::UniqueFd four = make(), six = make(), web = make();
  {
    const auto kept = app::keep_sockets(keeping.path, "ingestd", {{"rtmp", four.get()}, {"rtmp", six.get()}, {"http", web.get()}});
    REQUIRE(kept);
  }
  CHECK(app::take_kept_sockets(keeping.path, "chatd")->empty());
  const auto taken = app::take_kept_sockets(keeping.path, "ingestd");
  REQUIRE(taken);
  REQUIRE(taken->size() == 3);
  REQUIRE(taken->count("rtmp") == 2);
  CHECK(same(taken->find("http")->second.get(), web.get()));
  auto rtmp = taken->find("rtmp");
  CHECK(same(rtmp->second.get(), four.get()));
  CHECK(same((++rtmp)->second.get(), six.get()));
  CHECK((::fcntl(rtmp->second.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(app::take_kept_sockets(keeping.path, "ingestd")->empty());
}

TEST_CASE("what is kept takes the place of what was kept before") {
  Keeping keeping(3);
  const os::UniqueFd before = make(), after = make();
  REQUIRE(app::keep_sockets(keeping.path, "webd", {{"http", before.get()}}));
  REQUIRE(app::keep_sockets(keeping.path, "webd", {{"http", after.get()}}));
  const auto taken = app::take_kept_sockets(keeping.path, "webd");
  REQUIRE(taken);
  REQUIRE(taken->size() == 1);
  CHECK(same(taken->begin()->second.get(), after.get()));
}

TEST_CASE("nobody keeps, or nonsense is asked") {
  const auto none = app::take_kept_sockets("/nonexistent/sockets", "webd");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::unavailable);
  CHECK_FALSE(app::keep_sockets("/nonexistent/sockets", "webd", {}));
  Keeping keeping(1);
  const auto asking = os::PacketSocket::connect(keeping.path, std::chrono::milliseconds(1000));
  REQUIRE(asking);
  REQUIRE(asking->send("steal webd"));
  CHECK_FALSE(*asking->receive());
  keeping.thread.join();
  CHECK(keeping.refused == 1);
  keeping.thread = std::thread([] {});
}
