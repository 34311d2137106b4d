// When a job that was posted is given up by who can do it itself.
#include <catch2/catch.hpp>

#include "relay/outlook.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using relay::Outlook;
using Step = Outlook::Step;

TEST_CASE("a job that nobody was given is given up as soon as Redis says so") {
  FakeClock clock;
  Outlook outlook(clock.steady());
  CHECK(outlook.next(clock.steady()) == Step::wait);
  clock.advance(5ms);
  outlook.posted(clock.steady());
  clock.advance(199ms);
  CHECK(outlook.next(clock.steady()) == Step::wait);
  CHECK(outlook.deadline() == clock.steady() + 1ms);
  clock.advance(1ms);
  CHECK(outlook.next(clock.steady()) == Step::ask);
  CHECK(outlook.next(clock.steady()) == Step::wait);  // said once
  outlook.delivered(false, clock.steady());
  CHECK(outlook.next(clock.steady()) == Step::give_up);
  CHECK(outlook.why() == "no worker is free");
}

TEST_CASE("a worker that was given the job has a moment to come") {
  FakeClock clock;
  Outlook outlook(clock.steady());
  outlook.posted(clock.steady());
  clock.advance(200ms);
  REQUIRE(outlook.next(clock.steady()) == Step::ask);
  outlook.delivered(true, clock.steady());
  clock.advance(999ms);
  CHECK(outlook.next(clock.steady()) == Step::wait);
  clock.advance(1ms);
  CHECK(outlook.next(clock.steady()) == Step::give_up);
  CHECK(outlook.why() == "the worker that was given the job does not come");
}

TEST_CASE("a Redis that is away or says nothing is not waited for") {
  FakeClock clock;
  Outlook away(clock.steady());
  away.failed("connection refused");
  CHECK(away.next(clock.steady()) == Step::give_up);
  CHECK(away.why() == "connection refused");

  Outlook silent(clock.steady());
  clock.advance(499ms);
  CHECK(silent.next(clock.steady()) == Step::wait);
  clock.advance(1ms);
  CHECK(silent.next(clock.steady()) == Step::give_up);
  CHECK(silent.why() == "Redis does not answer");

  Outlook silent_then(clock.steady());
  silent_then.posted(clock.steady());
  clock.advance(200ms);
  REQUIRE(silent_then.next(clock.steady()) == Step::ask);
  clock.advance(500ms);
  CHECK(silent_then.next(clock.steady()) == Step::give_up);
}

TEST_CASE("what comes too late changes nothing") {
  FakeClock clock;
  Outlook outlook(clock.steady());
  outlook.posted(clock.steady());
  clock.advance(200ms);
  REQUIRE(outlook.next(clock.steady()) == Step::ask);
  outlook.delivered(true, clock.steady());
  const Steady until = outlook.deadline();
  clock.advance(100ms);
  outlook.posted(clock.steady());           // added again: Redis had forgotten it
  outlook.delivered(false, clock.steady());
  CHECK(outlook.deadline() == until);
  CHECK(outlook.next(clock.steady()) == Step::wait);
  outlook.failed("gone");
  outlook.delivered(true, clock.steady());
  CHECK(outlook.next(clock.steady()) == Step::give_up);
}
