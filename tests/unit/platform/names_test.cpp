#include "platform/names.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("names are folded and checked") {
  CHECK(user_name("Alice_2").value() == "alice_2");
  CHECK(channel_name("x").value() == "x");
  CHECK(user_name(std::string(25, 'a')).has_value());
  for (std::string bad : {std::string(), std::string(26, 'a'), std::string("a b"), std::string("a-b"),
                          std::string("\xC3\xA4"), std::string("a\0b", 3), std::string("#a")}) {
    CHECK(user_name(bad).error().code == Errc::invalid);
    CHECK(channel_name(bad).error().code == Errc::invalid);
  }
}

TEST_CASE("names with another meaning cannot be taken") {
  CHECK_FALSE(user_name("justinfan123"));
  CHECK_FALSE(user_name("JustinFan"));
  CHECK(user_name("justinfan1x"));
  CHECK_FALSE(user_name("tmi"));
  CHECK_FALSE(channel_name("API"));
  CHECK_FALSE(channel_name("live"));
  CHECK(user_name("live"));
  CHECK(channel_name("demo"));
}

TEST_CASE("nobody can speak as the platform, nor as what looks like it") {
  for (const char* name : {"system", "Automod", "admin", "ananonymousgifter", "5ystem_", "adrnin", "systern",
                           "adm1n", "tw1tchnotify", "staff_", "s_u_pport", "m0derator", "4dm1n",
                           "broadcaster", "mod", "MOD_", "51uice"}) {
    CAPTURE(name);
    CHECK(user_name(name).error().code == Errc::invalid);
  }
  for (const char* name : {"adm1nton", "staffan", "mods_of_old", "m4x", "_", "1337", "supporter"}) {
    CAPTURE(name);
    CHECK(user_name(name).has_value());
  }
  CHECK_FALSE(display_name("Sta.ff"));
  CHECK(display_name("S\xd1\x83stem").error().code == Errc::invalid);  // Cyrillic u
  CHECK_FALSE(display_name("justinfan12"));
  CHECK(display_name("Justin").has_value());
}

TEST_CASE("display names show all their characters") {
  for (const char* bad : {"ada\xe2\x80\xae",
                          "a\xe2\x80\x8b"
                          "da",
                          "\xe3\x85\xa4",
                          "a\xc2\xad"
                          "b",
                          "\xe2\x81\xa6x"}) {
    CAPTURE(bad);
    CHECK(display_name(bad).error().code == Errc::invalid);
  }
  for (const char* good :
       {"\xd0\x90\xd0\xb4\xd0\xb0", "\xe6\x97\xa5\xe6\x9c\xac", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
        "Ada \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80"}) {
    CAPTURE(good);
    CHECK(display_name(good).has_value());
  }
}

TEST_CASE("looked-up names are folded only") {
  CHECK(folded_name("#Demo") == "demo");
  CHECK(folded_name("a b") == "a b");
}

TEST_CASE("titles are one line of UTF-8 of up to 140 characters, not bytes") {
  std::string smile = "\xF0\x9F\x98\x80", many;
  for (int i = 0; i < 140; ++i) many += smile;
  CHECK(stream_title(many).value() == many);
  CHECK_FALSE(stream_title(many + "x"));
  CHECK(stream_title("  hello ").value() == "hello");
  CHECK(stream_title("").has_value());
  CHECK_FALSE(stream_title("a\nb"));
  CHECK_FALSE(stream_title("a\x1B[31mb"));
  CHECK_FALSE(stream_title("\xC2\x85"));
  CHECK_FALSE(stream_title("\xFF"));
  CHECK_FALSE(display_name("  "));
  CHECK_FALSE(display_name(std::string(51, 'x')));
}

TEST_CASE("a reason may be left out, and is one line of up to 500 characters") {
  CHECK(reason("").value() == "");
  CHECK(reason(" spam ").value() == "spam");
  CHECK(reason(std::string(500, 'x')).has_value());
  CHECK(reason(std::string(501, 'x')).error().what == "the reason has 501 characters");
  CHECK_FALSE(reason("a\nb"));
}

TEST_CASE("word lists have names, and entries of one line") {
  CHECK(word_list_name("Mild_Oaths-2").value() == "mild_oaths-2");
  CHECK(word_list_name(std::string(50, 'a')).has_value());
  for (std::string bad : {"", "a b", "a.b", "\xC3\xA4"}) CHECK_FALSE(word_list_name(bad));
  CHECK_FALSE(word_list_name(std::string(51, 'a')));
  CHECK(word_text(" buy now ").value() == "buy now");
  CHECK_FALSE(word_text(" "));
  CHECK_FALSE(word_text(std::string(501, 'x')));
}

TEST_CASE("a note says something") {
  CHECK(note_text(" watch ").value() == "watch");
  CHECK_FALSE(note_text(" "));
  CHECK_FALSE(note_text(std::string(501, 'x')));
}
