#include "irc/message.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace sluice;
using namespace sluice::irc;

TEST_CASE("a message has tags, prefix, command and parameters") {
  const auto message =
      parse_message("@id=1;client-nonce=ab\\sc :ada!ada@ada.tmi privmsg  #demo  :hello : world ");
  REQUIRE(message);
  CHECK(find_tag(message->tags, "id") == "1");
  CHECK(find_tag(message->tags, "client-nonce") == "ab c");
  CHECK(find_tag(message->tags, "none").empty());
  CHECK(message->prefix == "ada!ada@ada.tmi");
  CHECK(message->command == "PRIVMSG");
  CHECK(message->params == std::vector<std::string_view>{"#demo", "hello : world "});
}

TEST_CASE("a message may be just a command, and an empty trailing parameter counts") {
  CHECK(parse_message("PING")->params.empty());
  CHECK(parse_message("PRIVMSG #a :")->params == std::vector<std::string_view>{"#a", ""});
  CHECK(parse_message("  CAP END ")->params == std::vector<std::string_view>{"END"});
}

TEST_CASE("the fifteenth parameter takes the rest") {
  const auto message = parse_message("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
  REQUIRE(message);
  CHECK(message->params.size() == 15);
  CHECK(message->params.back() == "15 16 17");
}

TEST_CASE("what is no message is refused") {
  CHECK_FALSE(parse_message(""));
  CHECK_FALSE(parse_message("   "));
  CHECK_FALSE(parse_message("@a=b"));
  CHECK_FALSE(parse_message(":prefix"));
  CHECK_FALSE(parse_message(std::string_view("PRIV\0MSG", 8)));
}

TEST_CASE("tag values are unescaped as IRCv3 says") {
  CHECK(unescaped("a\\:b\\sc\\\\d\\re\\nf") == "a;b c\\d\re\nf");
  CHECK(unescaped("a\\bc\\") == "abc");
  const Tags tags = parse_tags("a=1;b;=x;;a=2;+c/d=");
  CHECK(tags.size() == 3);
  CHECK(find_tag(tags, "a") == "2");
  CHECK(find_tag(tags, "b").empty());
  CHECK(find_tag(tags, "+c/d").empty());
}

TEST_CASE("any value survives being a tag") {
  SeededRandom random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string value;
    for (std::uint64_t i = random.below(20); i > 0; --i) value += "; \\\r\n=:a\xc3\xa9"[random.below(10)];
    std::string escaped;
    append_escaped(escaped, value);
    CHECK(escaped.find_first_of("; \r\n") == std::string::npos);
    CHECK(unescaped(escaped) == value);
  }
}

TEST_CASE("a written line is read back, and no value can begin another line") {
  std::string out;
  LineWriter(out)
      .tag("id", "a b;c")
      .tag("mod", "0")
      .prefix("x!x@x")
      .command("PRIVMSG")
      .channel("demo")
      .trailing("hi\r\nQUIT")
      .end();
  CHECK(out == "@id=a\\sb\\:c;mod=0 :x!x@x PRIVMSG #demo :hi  QUIT\r\n");
  const auto message = parse_message(std::string_view(out).substr(0, out.size() - 2));
  REQUIRE(message);
  CHECK(find_tag(message->tags, "id") == "a b;c");
  CHECK(message->param(1) == "hi  QUIT");

  out.clear();
  LineWriter(out).command("PONG").trailing("tmi.twitch.tv").end();
  CHECK(out == "PONG :tmi.twitch.tv\r\n");
}
