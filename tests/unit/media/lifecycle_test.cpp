#include "media/lifecycle.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace sluice;
using media::Lifecycle;
using media::Step;

namespace {
struct Rig {
  FakeClock clock;
  Lifecycle life;
  explicit Rig(bool resumed = false) : life({}, clock.steady(), resumed) {}
  Steady now() const { return clock.steady(); }
  std::string steps() {
    std::string out;
    while (auto step = life.next(now())) {
      if (!out.empty()) out += ' ';
      out += name(*step);
    }
    return out;
  }
  void wait(milliseconds by) { clock.advance(by); }
  // A publisher whose media flows through a running pipeline into a live ledger.
  void go() {
    life.publisher_arrived();
    life.data(true);
    REQUIRE(steps() == "spawn");
    life.spawned(now());
    life.data(false);
    life.part_written();
    REQUIRE(steps() == "go_live");
  }
};
}  // namespace

TEST_CASE("a pipeline starts with the first packet, the stream goes live with the first part") {
  Rig rig;
  rig.life.publisher_arrived();
  CHECK(rig.steps().empty());
  CHECK(rig.life.state() == Lifecycle::State::starting);
  rig.life.data(true);
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  CHECK(rig.steps().empty());
  rig.life.part_written();
  rig.life.part_written();
  CHECK(rig.steps() == "go_live");
  CHECK(rig.life.state() == Lifecycle::State::live);
}

TEST_CASE("a goodbye ends the stream once the pipeline has everything") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.publisher_gone(true, rig.now());
  CHECK(rig.steps().empty());
  rig.life.data(false);
  CHECK(rig.steps() == "mark_end close_input");
  rig.life.ledger_ended();
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "go_offline");
  rig.life.offline();
  CHECK(rig.life.state() == Lifecycle::State::over);
  CHECK(rig.steps().empty());
}

TEST_CASE("the pipeline of a publisher that is silent is closed once it has everything, and another one started with what comes") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.silent(true);
  CHECK(rig.steps().empty());
  rig.life.data(false);
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps().empty());
  CHECK(rig.life.state() == Lifecycle::State::live);
  CHECK_FALSE(rig.life.deadline());
  rig.life.silent(false);
  rig.life.data(true);
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  rig.life.data(false);
  CHECK(rig.steps().empty());
}

TEST_CASE("a publisher that just went is awaited; then the ledger is finished without a pipeline") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(false, rig.now());
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps().empty());
  CHECK(rig.life.state() == Lifecycle::State::waiting);
  CHECK(*rig.life.deadline() == rig.now() + seconds(20));
  rig.wait(seconds(20));
  CHECK(rig.steps() == "mark_end finish");
  CHECK_FALSE(rig.life.open());
  rig.life.finished(true);
  CHECK(rig.steps() == "go_offline");
}

TEST_CASE("a publisher back within the grace time gets a new generation") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(false, rig.now());
  rig.steps();
  rig.life.exited(true, rig.now());
  rig.wait(seconds(19));
  rig.life.publisher_arrived();
  rig.life.data(true);
  CHECK(rig.steps() == "spawn");
  CHECK(rig.life.restarts() == 0);
}

TEST_CASE("back before the old pipeline has ended: the new one waits for it") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(false, rig.now());
  CHECK(rig.steps() == "close_input");
  rig.life.publisher_arrived();
  rig.life.data(true);
  CHECK(rig.steps().empty());
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "spawn");
}

TEST_CASE("a pipeline that dies is started again, later and later; one that held, at once") {
  Rig rig;
  rig.go();
  for (int ms : {100, 500, 1000, 2000, 5000, 5000}) {
    rig.life.data(true);
    rig.life.exited(false, rig.now());
    CHECK(rig.steps().empty());
    CHECK(*rig.life.deadline() == rig.now() + milliseconds(ms));
    rig.wait(milliseconds(ms));
    CHECK(rig.steps() == "spawn");
    rig.life.spawned(rig.now());
  }
  CHECK(rig.life.restarts() == 6);
  rig.wait(seconds(30));
  rig.life.exited(false, rig.now());
  CHECK(*rig.life.deadline() == rig.now() + milliseconds(100));
}

TEST_CASE("a pipeline that wrote something before it died is started again soon, however often") {
  Rig rig;
  rig.go();
  for (int i = 0; i < 20; ++i) {
    rig.life.progressed();
    rig.life.data(true);
    rig.life.exited(false, rig.now());
    CHECK(*rig.life.deadline() == rig.now() + milliseconds(100));
    rig.wait(milliseconds(100));
    CHECK(rig.steps() == "spawn");
    rig.life.spawned(rig.now());
  }
  rig.life.exited(false, rig.now());
  CHECK(*rig.life.deadline() == rig.now() + milliseconds(500));
}

TEST_CASE("a pipeline that gives way is followed at once, and is no death; but for those that write nothing, one after the other") {
  Rig rig;
  rig.go();
  const auto give_way = [&] {
    rig.life.data(true);
    return rig.life.gave_way(rig.now());
  };
  for (int i = 0; i < 20; ++i) {
    rig.life.progressed();
    CHECK(give_way());
    CHECK(rig.steps() == "spawn");
    rig.life.spawned(rig.now());
  }
  CHECK(rig.life.restarts() == 0);
  CHECK_FALSE(give_way());
  CHECK(rig.life.restarts() == 1);
  CHECK(*rig.life.deadline() == rig.now() + milliseconds(100));
  rig.wait(milliseconds(100));
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  rig.life.progressed();
  CHECK(give_way());

  // After deaths, what is given way to is another try.
  Rig failing;
  failing.go();
  failing.life.data(true);
  failing.life.exited(false, failing.now());
  failing.wait(milliseconds(100));
  REQUIRE(failing.steps() == "spawn");
  failing.life.spawned(failing.now());
  CHECK(failing.life.gave_way(failing.now()));
  CHECK(failing.steps() == "spawn");
  failing.life.spawned(failing.now());
  failing.life.exited(false, failing.now());
  CHECK(*failing.life.deadline() == failing.now() + milliseconds(500));
}

TEST_CASE("a pipeline that gives way while its input is closed is fed what it left") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(true, rig.now());
  CHECK(rig.steps() == "mark_end close_input");
  rig.life.data(true);
  CHECK(rig.life.gave_way(rig.now()));
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  rig.life.data(false);
  CHECK(rig.steps() == "close_input");
}

TEST_CASE("a pipeline that cannot be started is tried again") {
  Rig rig;
  rig.life.publisher_arrived();
  rig.life.data(true);
  CHECK(rig.steps() == "spawn");
  rig.life.spawn_failed(rig.now());
  CHECK(rig.steps().empty());
  rig.wait(milliseconds(100));
  CHECK(rig.steps() == "spawn");
}

TEST_CASE("new tracks close the pipeline without an end and start the next at once") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.boundary();
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "spawn");
  CHECK(rig.life.restarts() == 0);
}

TEST_CASE("a pipeline that does not end is killed, once") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(false, rig.now());
  CHECK(rig.steps() == "close_input");
  CHECK(*rig.life.deadline() == rig.now() + seconds(10));
  rig.wait(seconds(10));
  CHECK(rig.steps() == "kill");
  CHECK(rig.steps().empty());
  rig.life.exited(true, rig.now());
  rig.wait(seconds(10));
  CHECK(rig.steps() == "mark_end finish");
}

TEST_CASE("a pipeline that takes nothing any more is killed and started again") {
  Rig rig;
  rig.go();
  rig.wait(seconds(60));
  CHECK(rig.steps().empty());  // nothing to take
  rig.life.taken(rig.now());
  rig.life.data(true);
  CHECK(*rig.life.deadline() == rig.now() + seconds(10));
  rig.wait(seconds(9));
  CHECK(rig.steps().empty());
  rig.life.taken(rig.now());
  rig.wait(seconds(10));
  CHECK(rig.steps() == "kill");
  CHECK(rig.steps().empty());
  rig.life.exited(false, rig.now());
  rig.wait(milliseconds(100));
  CHECK(rig.steps() == "spawn");
}

TEST_CASE("what a closing pipeline did not write is fed again") {
  Rig rig;
  rig.go();
  rig.life.publisher_gone(false, rig.now());
  rig.steps();
  rig.life.data(true);
  rig.life.exited(false, rig.now());
  rig.wait(milliseconds(100));
  CHECK(rig.steps() == "spawn");
}

TEST_CASE("at the end a pipeline that keeps failing is given up, and the stream still ends") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.publisher_gone(true, rig.now());
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.steps() == (i == 0 ? "" : "spawn"));
    if (i > 0) rig.life.spawned(rig.now());
    rig.life.exited(false, rig.now());
    rig.wait(seconds(5));
  }
  CHECK(rig.steps() == "mark_end finish");
  for (int i = 0; i < 2; ++i) {
    rig.life.finished(false);
    CHECK(rig.steps() == "finish");
  }
  rig.life.finished(false);
  CHECK(rig.steps() == "go_offline");
  rig.life.data(true);  // the packets that were given up still lie there: nothing is to be done about them, at no time
  CHECK(rig.steps().empty());
  CHECK_FALSE(rig.life.deadline());
}

TEST_CASE("a publisher that never sent a keyframe leaves nothing to finish") {
  Rig rig;
  rig.life.publisher_arrived();
  rig.life.publisher_gone(true, rig.now());
  CHECK(rig.steps() == "go_offline");
}

TEST_CASE("a stream taken back from an earlier process awaits its publisher, is not announced again, and ends") {
  Rig rig(true);
  CHECK(rig.steps().empty());
  CHECK(rig.life.live());
  rig.wait(seconds(20));
  CHECK(rig.steps() == "mark_end finish");
}

TEST_CASE("a process that stops lets the pipeline flush and leaves the stream resumable") {
  Rig rig;
  rig.go();
  rig.life.park();
  rig.life.publisher_gone(false, rig.now());
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "forget");
  CHECK(rig.steps().empty());
}

TEST_CASE("a process that stops has all written that was accepted: what waits, the next run, what a pipeline that died left out") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.park();
  rig.life.publisher_gone(false, rig.now());
  CHECK(rig.steps().empty());
  rig.life.boundary();
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  CHECK(rig.steps().empty());
  rig.life.data(false);
  CHECK(rig.steps() == "close_input");
  rig.life.data(true);
  rig.life.exited(false, rig.now());
  CHECK(rig.steps().empty());
  CHECK(*rig.life.deadline() == rig.now() + milliseconds(100));
  rig.wait(milliseconds(100));
  CHECK(rig.steps() == "spawn");
  rig.life.spawned(rig.now());
  rig.life.data(false);
  CHECK(rig.steps() == "close_input");
  rig.life.exited(true, rig.now());
  CHECK(rig.steps() == "forget");
}

TEST_CASE("a process that stops gives up what no pipeline writes, and what a successor is to write at once") {
  Rig rig;
  rig.go();
  rig.life.data(true);
  rig.life.park();
  for (int i = 0; i < 3; ++i) {
    if (i > 0) {
      CHECK(rig.steps() == "spawn");
      rig.life.spawned(rig.now());
    }
    rig.life.exited(false, rig.now());
    if (i < 2) rig.wait(*rig.life.deadline() - rig.now() < seconds(1) ? seconds(1) : seconds(5));
  }
  CHECK(rig.steps() == "forget");

  Rig held;
  held.go();
  held.life.data(true);
  held.life.hold();
  held.life.park();
  CHECK(held.steps() == "close_input");
  held.life.exited(false, held.now());
  CHECK(held.steps() == "forget");
}

TEST_CASE("being told to end is a goodbye, also while nobody publishes") {
  Rig rig(true);
  rig.life.end();
  CHECK(rig.steps() == "mark_end finish");
}
