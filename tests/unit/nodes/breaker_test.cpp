#include "nodes/breaker.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::nodes;
using State = Breaker::State;

TEST_CASE("half of ten requests that fail open the breaker; one is tried five seconds later") {
  Breaker breaker;
  Steady now{seconds(100)};
  for (int i = 0; i < 5; ++i) breaker.succeeded(now);
  for (int i = 0; i < 4; ++i) breaker.failed(now);
  CHECK(breaker.state(now) == State::closed);
  breaker.failed(now);
  CHECK(breaker.state(now) == State::open);
  CHECK(breaker.state(now + milliseconds(4999)) == State::open);
  now += seconds(5);
  CHECK(breaker.state(now) == State::half_open);
  breaker.failed(now);
  CHECK(breaker.state(now + seconds(4)) == State::open);
  now += seconds(5);
  CHECK(breaker.state(now) == State::half_open);
  breaker.succeeded(now);
  CHECK(breaker.state(now) == State::closed);
  breaker.failed(now);  // what was before is forgotten
  CHECK(breaker.state(now) == State::closed);
}

TEST_CASE("fewer than ten requests, and failures of long ago, open nothing") {
  Breaker breaker;
  Steady now{seconds(100)};
  for (int i = 0; i < 9; ++i) breaker.failed(now);
  CHECK(breaker.state(now) == State::closed);
  now += seconds(10);
  for (int i = 0; i < 9; ++i) breaker.failed(now);
  CHECK(breaker.state(now) == State::closed);
  now += seconds(10);
  for (int i = 0; i < 11; ++i) breaker.succeeded(now);
  for (int i = 0; i < 10; ++i) breaker.failed(now);
  CHECK(breaker.state(now) == State::closed);
}

TEST_CASE("without a connection nothing is tried; with a new one, at once") {
  Breaker breaker;
  Steady now{seconds(100)};
  breaker.lost(now);
  CHECK(breaker.state(now + seconds(60)) == State::open);
  breaker.reached(now + seconds(1));
  CHECK(breaker.state(now + seconds(1)) == State::half_open);
  breaker.succeeded(now + seconds(1));
  CHECK(breaker.state(now + seconds(1)) == State::closed);
}
