#include "http/forwarded.hpp"

#include <catch2/catch.hpp>

using sluice::http::forwarded_for;

TEST_CASE("of X-Forwarded-For the last address counts, which the nearest proxy saw") {
  CHECK(forwarded_for("203.0.113.7") == "203.0.113.7");
  CHECK(forwarded_for("198.51.100.1, 203.0.113.7") == "203.0.113.7");
  CHECK(forwarded_for("198.51.100.1,\t2001:db8::1 ") == "2001:db8::1");
}

TEST_CASE("what is no address in X-Forwarded-For is nobody's") {
  for (const char* header : {"", ",", "203.0.113.7,", "unknown", "203.0.113.7:80", "[2001:db8::1]",
                             "203.0.113", "203.0.113.7 198.51.100.1", "198.51.100.1, _hidden"}) {
    INFO(header);
    CHECK(forwarded_for(header).empty());
  }
  CHECK(forwarded_for(std::string_view("203.0.113.7\0x", 13)).empty());
  CHECK(forwarded_for(std::string(100'000, ',')).empty());
}
