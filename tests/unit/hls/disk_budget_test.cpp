#include <catch2/catch.hpp>

#include "hls/disk_budget.hpp"

using namespace sluice;
using namespace sluice::hls;
using Recording = DiskBudget::Recording;
using Streams = std::vector<std::string>;

namespace {
const Steady begun{std::chrono::hours(1)};
}

TEST_CASE("nothing gives way under the cap") {
  const auto plan = DiskBudget().plan({{"a", 40, true}, {"b", 60, false}}, 100, begun);
  CHECK(plan.remove.empty());
  CHECK_FALSE(plan.bytes_each);
  CHECK(plan.recording == Recording::whole);
  CHECK(plan.bytes == 100);
}

TEST_CASE("ended ledgers go first, the oldest first, and no more than need be; a live one never") {
  const auto plan = DiskBudget().plan({{"d", 10, true}, {"a", 50, false}, {"c", 30, true}, {"b", 20, true}}, 70, begun);
  CHECK(plan.remove == Streams{"b", "c"});
  CHECK(plan.bytes == 60);
  CHECK(plan.recording == Recording::whole);
}

TEST_CASE("then live ledgers share a window, then recording stops; both come back") {
  DiskBudget budget;
  auto plan = budget.plan({{"a", 5, true}, {"b", 80, false}, {"c", 30, false}}, 100, begun);
  CHECK(plan.remove == Streams{"a"});
  CHECK(plan.recording == Recording::window);
  CHECK(plan.bytes_each == 45);

  // The windows fit: they stay windows while there is much.
  plan = budget.plan({{"b", 60, false}, {"c", 30, false}}, 100, begun + seconds(60));
  CHECK(plan.recording == Recording::window);
  // They do not fit, for a moment or for long.
  CHECK(budget.plan({{"b", 80, false}, {"c", 40, false}}, 100, begun + seconds(62)).recording == Recording::window);
  CHECK(budget.plan({{"b", 80, false}, {"c", 40, false}}, 100, begun + seconds(71)).recording == Recording::window);
  plan = budget.plan({{"b", 80, false}, {"c", 40, false}}, 100, begun + seconds(72));
  CHECK(plan.recording == Recording::none);
  CHECK(plan.bytes_each == 0);
  CHECK(budget.plan({{"b", 80, false}}, 100, begun + seconds(74)).recording == Recording::none);

  plan = budget.plan({{"b", 70, false}}, 100, begun + seconds(76));
  CHECK(plan.recording == Recording::window);
  CHECK(plan.bytes_each == 90);
  CHECK(budget.plan({{"b", 49, false}}, 100, begun + seconds(78)).recording == Recording::whole);
}

TEST_CASE("an overrun that passes does not stop recording") {
  DiskBudget budget;
  for (int s = 0; s < 60; s += 2)
    CHECK(budget.plan({{"b", s % 4 == 0 ? 110u : 95u, false}}, 100, begun + seconds(s)).recording == Recording::window);
}

TEST_CASE("with no writer left everything is as at the start") {
  DiskBudget budget;
  budget.plan({{"b", 110, false}}, 100, begun);
  CHECK(budget.plan({{"b", 110, true}}, 100, begun + seconds(2)).remove == Streams{"b"});
  CHECK(budget.plan({}, 100, begun + seconds(4)).recording == Recording::whole);
}
