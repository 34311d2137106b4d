#include "platform/colors.hpp"

#include <catch2/catch.hpp>

#include "platform/tiers.hpp"

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("a color is #RRGGBB in capitals, whichever way it was written") {
  CHECK(name_color("#1e90ff").value() == "#1E90FF");
  CHECK(name_color("#FFFFFF").value() == "#FFFFFF");
  CHECK(name_color("dodgerblue").value() == "#1E90FF");
  CHECK(name_color("GOLDEN_ROD").value() == "#DAA520");
  CHECK(name_color("none").value().empty());
  CHECK(named_colors().size() == 15);
  for (const NamedColor& color : named_colors()) {
    CHECK(name_color(color.name).value() == color.rgb);
    CHECK(name_color(color.rgb).value() == color.rgb);
  }
}

TEST_CASE("what is no color is told with those there are") {
  for (const char* typed :
       {"", "#", "#12345", "#1234567", "#12345g", "1E90FF", "bluish", "# 12345", "\xff"}) {
    INFO(typed);
    const auto refused = name_color(typed);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid);
    CHECK(refused.error().hint.find("DodgerBlue") != std::string::npos);
    CHECK(refused.error().what.find('\xff') == std::string::npos);
  }
}

TEST_CASE("plans have the names of the dialect, of EventSub and of the shell") {
  CHECK(parse_plan("prime").value() == Plan::prime);
  CHECK(parse_plan("Prime").value() == Plan::prime);
  for (const Tier& sold : tiers()) {
    CHECK(parse_plan(name(sold.plan)).value() == sold.plan);
    CHECK(parse_plan(std::to_string(tier(sold.plan))).value() == sold.plan);
    CHECK(tier_of(sold.plan).title == sold.title);
  }
  for (const char* typed : {"", "0", "4", "100", "10000", "tier1"})
    CHECK(parse_plan(typed).error().code == Errc::invalid);
  CHECK(tier_name(Plan::prime) == "1000");
  CHECK(tier_of(Plan::prime).emotes == 5);
}
