#include "platform/premium.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("what an account has goes by its name") {
  for (const Premium each : {Premium::none, Premium::turbo, Premium::prime})
    CHECK(parse_premium(name(each)).value() == each);
  for (const char* typed : {"", "Turbo", "premium", "both"}) {
    INFO(typed);
    CHECK(parse_premium(typed).error().code == Errc::usage);
    CHECK(parse_premium(typed).error().hint == "give turbo, prime or none");
  }
}
