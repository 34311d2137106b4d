#include "origin/picture_child.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/wait.h>

#include "os/file.hpp"

using namespace sluice;
using namespace sluice::origin;
using namespace std::chrono_literals;

namespace {

// A program in storyboard's place, and what it says.
struct Rig {
  std::filesystem::path folder;
  net::Loop loop;
  std::optional<PictureQueue::Picture> answer;
  std::unique_ptr<PictureQueue::Run> run;

  explicit Rig(const std::string& script) {
    char name[] = "/tmp/sluice-picture-XXXXXX";
    folder = ::mkdtemp(name);
    std::ofstream(program()) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program(), std::filesystem::perms::owner_all);
  }
  ~Rig() {
    run.reset();
    std::filesystem::remove_all(folder);
  }
  std::string program() const { return folder / "storyboard"; }
  void start() {
    auto started = start_pictures(loop, program())({"key", folder, {}}, [this](PictureQueue::Picture picture) {
      answer = std::move(picture);
      loop.stop();
    });
    REQUIRE(started);
    run = std::move(*started);
  }
  template <class Done>
  void run_until(Done done) {
    bool late = false;
    net::Timer limit(loop), look(loop);
    limit.after(20s, [&] {
      late = true;
      loop.stop();
    });
    look.every(10ms, [&] {
      if (done()) loop.stop();
    });
    if (!done()) loop.run();
    REQUIRE_FALSE(late);
  }
};

bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

TEST_CASE("what storyboard writes is the picture; its exit says whether it is whole") {
  Rig whole("printf jpeg"), part("printf jpeg; exit 75"), nothing("exit 1");
  for (Rig* rig : {&whole, &part, &nothing}) {
    rig->start();
    rig->run_until([&] { return rig->answer.has_value(); });
  }
  REQUIRE((*whole.answer && *part.answer));
  CHECK(as_text(*(*whole.answer)->bytes) == "jpeg");
  CHECK(((*whole.answer)->whole && !(*part.answer)->whole));
  CHECK(nothing.answer->error().code == Errc::not_found);
}

TEST_CASE("a program that is ended is reaped by the loop") {
  Rig rig("echo $$ > \"$SLUICE_LEDGER/pid\"; exec sleep 600");
  rig.start();
  const auto written = [&] { return os::read_file(rig.folder / "pid").value_or(""); };
  rig.run_until([&] { return written().ends_with("\n"); });
  const pid_t pid = std::stoi(written());
  rig.run.reset();
  rig.run_until([&] { return !is_child(pid); });
  CHECK_FALSE(rig.answer.has_value());
}
