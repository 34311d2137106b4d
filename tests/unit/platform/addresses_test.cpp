// What limits by address count.
#include "platform/addresses.hpp"

#include <catch2/catch.hpp>

using sluice::platform::counted_as;

TEST_CASE("an IPv6 address counts as its /64, anything else as itself") {
  CHECK(counted_as("2001:db8:1:2::10") == "2001:db8:1:2::/64");
  CHECK(counted_as("2001:DB8:1:2:ffff:ffff:ffff:ffff") == "2001:db8:1:2::/64");
  CHECK(counted_as("2001:db8:1:3::10") != counted_as("2001:db8:1:2::10"));
  CHECK(counted_as("fe80::1%eth0") == "fe80::/64");
  CHECK(counted_as("203.0.113.7") == "203.0.113.7");
  CHECK(counted_as("::ffff:203.0.113.7") == "203.0.113.7");
  CHECK(counted_as("nonsense") == "nonsense");
  CHECK(counted_as("").empty());
}
