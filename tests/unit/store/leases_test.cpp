#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a lease has one holder at a time") {
  Fresh fresh;
  auto& leases = fresh->leases();
  LeaseGrant grant = leases.take("l", "a", "n1").value();
  CHECK(grant.how == LeaseTake::fresh);
  CHECK(grant.lease.expires_at == fresh.clock.wall() + seconds(10));
  CHECK(leases.take("l", "a", "n1").value().how == LeaseTake::held);
  auto refused = leases.take("l", "b", "n2");
  CHECK(code_of(refused) == Errc::conflict);
  CHECK(refused.error().what.find("n1") != std::string::npos);
  CHECK(leases.take("other", "b", "n2"));
  CHECK(leases.holder("l").value().owner == "a");
}

TEST_CASE("a lapsed lease is taken over, and its former owner is told") {
  Fresh fresh;
  auto& leases = fresh->leases();
  REQUIRE(leases.take("l", "a", "n1"));
  fresh.clock.advance(milliseconds(9'999));
  CHECK(code_of(leases.take("l", "b", "n2")) == Errc::conflict);
  REQUIRE(leases.renew("l", "a"));
  fresh.clock.advance(milliseconds(9'999));
  CHECK(code_of(leases.take("l", "b", "n2")) == Errc::conflict);
  fresh.clock.advance(milliseconds(1));
  CHECK(code_of(leases.holder("l")) == Errc::not_found);
  CHECK(leases.take("l", "b", "n2").value().how == LeaseTake::taken_over);
  CHECK(code_of(leases.renew("l", "a")) == Errc::conflict);
  CHECK_FALSE(leases.release("l", "a").value());
  CHECK(leases.holder("l").value().owner == "b");
}

TEST_CASE("a lapsed lease that nobody took is renewed") {
  Fresh fresh;
  REQUIRE(fresh->leases().take("l", "a", "n1"));
  fresh.clock.advance(seconds(60));
  CHECK(fresh->leases().renew("l", "a"));
  CHECK(fresh->leases().holder("l"));
}

TEST_CASE("a node takes back at once what its former life held") {
  Fresh fresh;
  REQUIRE(fresh->leases().take("l", "first life", "n1"));
  CHECK(fresh->leases().take("l", "second life", "n1").value().how == LeaseTake::taken_back);
  CHECK(code_of(fresh->leases().renew("l", "first life")) == Errc::conflict);
}

TEST_CASE("only its owner releases a lease") {
  Fresh fresh;
  REQUIRE(fresh->leases().take("l", "a", "n1"));
  CHECK_FALSE(fresh->leases().release("l", "b").value());
  CHECK(fresh->leases().release("l", "a").value());
  CHECK_FALSE(fresh->leases().release("l", "a").value());
  CHECK(code_of(fresh->leases().renew("l", "a")) == Errc::conflict);
  CHECK(fresh->leases().take("l", "b", "n2").value().how == LeaseTake::fresh);
}
