// What a person reads, and where it stands in what was typed.
#include "automod/fold.hpp"

#include <catch2/catch.hpp>

using namespace sluice::automod;

namespace {
Folder& folder() {
  static Folder the_one = *Folder::make();
  return the_one;
}
std::string folded(std::string_view text) {
  return to_utf8(folder().fold(text).text);
}
}  // namespace

TEST_CASE("case and compatibility forms are folded") {
  CHECK(folded("Hello WORLD") == "hello world");
  CHECK(folded("ﬁne Straße") == "fine strasse");
  CHECK(folded("ｆｕｌｌ ①") == "full 1");
  CHECK(folded("𝓯𝓪𝓷𝓬𝔂 𝕕𝕠𝕦𝕓𝕝𝕖 𝚖𝚘𝚗𝚘") == "fancy double mono");
  CHECK(folded("🅵🅤🇱🇱 ꜱᴍᴀʟʟ") == "full small");
}

TEST_CASE("characters that look alike are one, and ASCII stays what it is") {
  CHECK(folded("сосk") == "cock");        // Cyrillic с and о
  CHECK(folded("ραγ") == folded("pay"));  // Greek
  CHECK(folded("modern 10 Illinois") == "modern 10 illinois");
  CHECK(folded("naïve façade é") == "naive facade e");
}

TEST_CASE("capitals of other scripts that look like Latin ones are these in a word that has Latin letters") {
  for (const auto& [theirs, latin] : {std::pair("АВЕІЈКМНОРЅСТХҮԚԜ", "abeijkmhopsctxyqw"),  // Cyrillic
                                      {"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx"},                 // Greek
                                      {"ⲔᏆ", "ki"}}) {  // Coptic, Cherokee
    const std::u32string capitals = code_points(theirs), wanted = code_points(latin);
    REQUIRE(capitals.size() == wanted.size());
    for (std::size_t i = 0; i < capitals.size(); ++i)
      CHECK(folded("U" + to_utf8(capitals.substr(i, 1)) + "q") == "u" + to_utf8(wanted.substr(i, 1)) + "q");
  }
  CHECK(folded("FUCК fucк FUCΚ SHIТ ВITCH ΒITCΗ SΗIΤ") == "fuck fuck fuck shit bitch bitch shit");
}

TEST_CASE("a word of another script reads the same in capitals and small") {
  for (const auto& [large, small] :
       {std::pair("ΚΑΛΗΜΕΡΑ ΖΕΥΣ", "καλημερα ζευσ"), {"ПРИВЕТ ВСЕМ", "привет всем"}})
    CHECK(folded(large) == folded(small));
  CHECK(folded("ΒΗΜΑ ok") == folded("βημα") + " ok");
}

TEST_CASE("what is invisible is gone") {
  CHECK(folded("f\u200Bu\u200Cc\u2060k") == "fuck");
  CHECK(folded("a\u202Eb\u2066c\u00ADd\uFE0Fe") == "abcde");
  CHECK(folded("a\xF3\xA0\x81\x81"
               "b") == "ab");         // a tag
  CHECK(folded("a\uFFF9b") == "ab");  // a format character that normalisation leaves
  CHECK(folded("a\u00A0b\u3000c\td") == "a b c d");
}

TEST_CASE("a heap of marks is no letter") {
  std::string zalgo = "f";
  for (int i = 0; i < 1000; ++i) zalgo += "\u0301\u0316";
  zalgo += "u\u0336ck";
  CHECK(folded(zalgo) == "fuck");
}

// What is invisible belongs to the character before it.
TEST_CASE("each folded character knows where it came from, in code points of the original") {
  const Folded text = folder().fold("Aﬁ\u200Bé\u0301Z");
  CHECK(to_utf8(text.text) == "afiez");
  CHECK(text.from == std::vector<Span>{{0, 1}, {1, 3}, {1, 3}, {3, 5}, {5, 6}});
  CHECK(text.origin({1, 4}) == Span{1, 5});
  CHECK(text.original.size() == 6);
}

TEST_CASE("bytes that are not UTF-8 are read as replacement characters, one for each piece") {
  const Folded text = folder().fold("a\xff\xe2\x82z");
  CHECK(text.original == U"a\uFFFD\uFFFDz");
  CHECK(text.from.back() == Span{3, 4});
  CHECK(folder().fold("").text.empty());
  CHECK(folder().fold("\u200B").text.empty());
}

TEST_CASE("the map is as long as the text for any character there is") {
  for (char32_t c = 1; c < 0x30000; c += 7) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const Folded text = folder().fold(to_utf8(std::u32string{U'x', c, U'y'}));
    REQUIRE(text.from.size() == text.text.size());
    for (const Span& from : text.from) REQUIRE((from.begin < from.end && from.end <= 3));
  }
}
