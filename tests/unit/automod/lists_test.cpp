// Phrases and patterns: found however they are dressed up, and not where they only seem to be.
#include "automod/lists.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::automod;

namespace {
Folder& folder() {
  static Folder the_one = *Folder::make();
  return the_one;
}

Lists lists(std::string_view file) {
  return *Lists::compile(folder(), *parse_word_list(file));
}

// What was found, as it stands in the original: "category:text" of each.
std::vector<std::string> found(const Lists& lists, std::string_view text) {
  const Folded folded = folder().fold(text);
  Words words;
  cut_words(folded.text, words);
  std::vector<Lists::Found> hits;
  lists.find(folded, words, hits);
  take_back(hits);
  std::vector<std::string> out;
  for (const auto& hit : hits) {
    const Span span = folded.origin(hit.where);
    out.push_back(hit.entry->category + ":" +
                  to_utf8(std::u32string_view(folded.original).substr(span.begin, span.end - span.begin)));
  }
  return out;
}
bool hit(const Lists& lists, std::string_view text) {
  return !found(lists, text).empty();
}

const Lists& strong() {
  static const Lists the_ones =
      lists("fuck\nass\nshit\ncunt\ncock\ndick\nbitch\nasshole\npenis\nwhite trash\ngod\n");
  return the_ones;
}
}  // namespace

TEST_CASE("a phrase is found as whole words only") {
  CHECK(found(strong(), "what the FUCK is") == std::vector<std::string>{"custom:FUCK"});
  CHECK(hit(strong(), "you ass!"));
  CHECK(hit(strong(), "cunt's"));
  for (const char* innocent : {"Scunthorpe", "class", "the classic assassin passes", "cockpit", "Hancock",
                               "shitake", "Dickens", "peniston", "bypass"})
    CHECK_FALSE(hit(strong(), innocent));
}

TEST_CASE("a phrase of several words takes whatever stands between them") {
  CHECK(found(strong(), "such White... TRASH!") == std::vector<std::string>{"custom:White... TRASH"});
  CHECK_FALSE(hit(strong(), "white trashcan"));
  CHECK_FALSE(hit(strong(), "white"));
  CHECK_FALSE(hit(strong(), "white paper trash"));
}

TEST_CASE("a letter three times and oftener is meant once or twice; twice is twice") {
  CHECK(hit(strong(), "fuuuuuuck"));
  CHECK(hit(strong(), "asssss"));
  CHECK(hit(strong(), "aaaassshole"));
  CHECK(hit(strong(), "FFFuuuCCCkkk"));
  CHECK_FALSE(hit(strong(), "as"));
  CHECK_FALSE(hit(strong(), "good"));
  CHECK(hit(lists("88"), "88"));
  CHECK_FALSE(hit(lists("88"), "888"));  // digits are numbers
}

TEST_CASE("digits and signs stand for letters in a word that has a letter") {
  for (const char* dressed : {"$hit", "5h1t", "sh1t", "b!tch", "8itch", "a$$", "@ss", "@sshole", "d1ck",
                              "c0ck", "sh!t", "sh|t", "p3n15"})
    CHECK(hit(strong(), dressed));
  for (const char* innocent :
       {"455", "it costs 5$ or 4$", "55 5 45", "1337", "wow!so good", "@user hi!", "!so", "100$"})
    CHECK_FALSE(hit(strong(), innocent));
  CHECK(found(strong(), "ab a$$hole!") == std::vector<std::string>{"custom:a$$hole"});
  CHECK(hit(lists("kill"), "k1ll"));  // 1 is i in one word
  CHECK(hit(lists("lol"), "10l"));    // and l in another
}

TEST_CASE("separators within a word are seen through where words are not written so") {
  for (const char* dressed : {"f.u.c.k", "f u c k", "F-U-C-K off", "f_u_c_k", "fu_ck", "f*uck", "fu~ck",
                              "f.uck", "i f u c k", "f uuu c k", "a.s.s", "s.h.1.t", "f  u  c  k"})
    CHECK(hit(strong(), dressed));
  for (const char* innocent : {"pen.is mine", "this pen is red", "push it", "co-ck-pit", "fu ck", "c l a s s",
                               "p.a.s.s", "U.S. as soon as", "f, u c k"})
    CHECK_FALSE(hit(strong(), innocent));
  CHECK(found(strong(), "oh f.u.c.k!") == std::vector<std::string>{"custom:f.u.c.k"});
}

TEST_CASE("look-alikes and invisible characters do not hide a phrase") {
  for (const char* dressed : {"fυck", "ｆｕｃｋ", "f\u200Bu\u200Bc\u200Bk", "ḟùçk", "𝐟𝐮𝐜𝐤", "🅵🆄🅲🅺", "ꜰᴜᴄᴋ"})
    CHECK(hit(strong(), dressed));
}

TEST_CASE("scripts without blanks between words are matched anywhere, others as words") {
  const Lists list = lists("傻逼\nхуй\nйух");
  CHECK(found(list, "你是傻逼吗") == std::vector<std::string>{"custom:傻逼"});
  CHECK(hit(list, "Хуй"));
  CHECK_FALSE(hit(list, "хуйня"));
  CHECK_FALSE(hit(list, "傻瓜"));
}

TEST_CASE("what is allowed takes back what lies within it, and is compared as it is written") {
  const Lists list = lists(
      "block sex dick\nallow sex moby dick\nblock swearing ass\nallow names a55\nallow names dick van dyke");
  CHECK(hit(list, "dick"));
  CHECK_FALSE(hit(list, "I read Moby Dick"));
  CHECK(found(list, "moby dick, you dick") == std::vector<std::string>{"sex:dick"});
  CHECK_FALSE(hit(list, "my Galaxy A55"));
  CHECK(hit(list, "my a5s"));
  CHECK_FALSE(hit(lists("ass\nallow x bad ass"), "BAD ass"));
  CHECK(hit(lists("ass\nallow x bad ass"), "bad a$$"));
  CHECK(hit(list, "you ass"));
}

TEST_CASE("the sternest hit comes first") {
  const Lists list = lists("hold a one\nblock b two");
  CHECK(found(list, "one two") == std::vector<std::string>{"b:two", "a:one"});
}

TEST_CASE("patterns match the folded text, and tell where in the original") {
  const Lists list =
      lists("block spam /free\\s+(viewers|followers)/\nallow spam /no free viewers/\nhold x /^$/");
  CHECK(found(list, "é get FREE  Viewers now, free followers") ==
        std::vector<std::string>{"spam:FREE  Viewers", "spam:free followers"});
  CHECK_FALSE(hit(list, "there are no free viewers"));
  CHECK_FALSE(hit(list, ""));
}

TEST_CASE("patterns of any kind take linear time") {
  const Lists list = lists("/(a+)+$/\n/(a|aa)+b/");
  CHECK(hit(list, std::string(16000, 'a') + "b"));
}

TEST_CASE("a list is read with its errors by line") {
  const auto entries = parse_word_list(
      "# comment\n\n  block race some phrase \r\nhold x y\nallow z-1 /a b/\njust a phrase\nblock "
      "party\nholding on\n");
  REQUIRE(entries);
  REQUIRE(entries->size() == 6);
  CHECK((*entries)[0].phrase == "some phrase");
  CHECK((*entries)[0].category == "race");
  CHECK((*entries)[1].action == Action::hold);
  CHECK(((*entries)[2].pattern && (*entries)[2].phrase == "a b"));
  CHECK(((*entries)[3].phrase == "just a phrase" && (*entries)[3].category == "custom" &&
         (*entries)[3].action == Action::block));
  CHECK((*entries)[4].phrase == "block party");
  CHECK((*entries)[5].phrase == "holding on");
  for (const char* wrong :
       {"ok\nblock Race x", "ok\n//", "ok\n\xff", "ok\nhold a-very-long-category-of-more-than-32 x"})
    CHECK(parse_word_list(wrong).error().what.starts_with("line 2: "));
  CHECK_FALSE(parse_word_list(std::string(101, 'a')));
}

TEST_CASE("entries that can never match are refused") {
  for (const char* wrong : {"/(/", "...", "a b c d e f g h i j k l m n o p q"})
    CHECK(Lists::compile(folder(), *parse_word_list(wrong)).error().code == Errc::invalid);
}
