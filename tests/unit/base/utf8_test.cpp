#include "base/utf8.hpp"

#include <catch2/catch.hpp>

using sluice::utf8_code_points;

TEST_CASE("UTF-8 is decoded, and its forgeries are refused (RFC 3629 §3, §4)") {
  CHECK(utf8_code_points("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80").value() ==
        std::vector<char32_t>{U'a', U'\u00E4', U'\u20AC', U'\U0001F600'});
  CHECK(utf8_code_points("").value().empty());
  CHECK(utf8_code_points("\xF4\x8F\xBF\xBF").value() == std::vector<char32_t>{0x10FFFF});
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE2\x82"})
    CHECK_FALSE(utf8_code_points(bad));
}
