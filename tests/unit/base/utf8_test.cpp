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

TEST_CASE("what anybody may have written is shown without control characters and broken bytes, and not at any length") {
  using sluice::legible;
  CHECK(legible("plain, f\xC3\xBCr \xE2\x82\xAC 5 'x' \\ \xF0\x9F\x98\x80") == "plain, f\xC3\xBCr \xE2\x82\xAC 5 'x' \\ \xF0\x9F\x98\x80");
  CHECK(legible("") == "");
  CHECK(legible(std::string_view("a\0b\n\t\x1b[31m\x7f", 11)) == "a\\x00b\\x0a\\x09\\x1b[31m\\x7f");
  CHECK(legible("\xC2\x9B 31m") == "\\xc2\\x9b 31m");  // CSI in eight bits
  CHECK(legible("\xC2\xA0") == "\xC2\xA0");
  CHECK(legible("\xFFok\xC3(\xE2\x82") == "\\xffok\\xc3(\\xe2\\x82");
  CHECK(legible("\xED\xA0\x80") == "\\xed\\xa0\\x80");
  CHECK(legible(std::string(400, 'x')) == std::string(400, 'x'));
  CHECK(legible(std::string(399, 'x') + "\xC3\xBC") == std::string(399, 'x') + "\xE2\x80\xA6");
  CHECK(legible(std::string(5000, '\n')).size() == 4 * 400 + 3);
}
