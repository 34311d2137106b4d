// Lines in.
#include "automod/message.hpp"

#include <catch2/catch.hpp>

using namespace sluice::automod;

TEST_CASE("a message is read, and what is unknown ignored") {
  const auto message = parse_message(
      R"({"id":"a1","channel":"c","user":{"id":"7"},"roles":["vip"],"text":"hé","level":3,"x":[{}],
          "words":["one",{"phrase":"two","action":"hold","category":"x"}],"verdict":{"verdict":"hold"}})");
  REQUIRE(message);
  CHECK(message->id_json == "\"a1\"");
  CHECK(message->text == "hé");
  CHECK(message->roles == std::vector<std::string>{"vip"});
  CHECK(message->level == 3);
  REQUIRE(message->words.size() == 2);
  CHECK((message->words[0].action == Action::block && message->words[0].category == "custom"));
  CHECK((message->words[1].action == Action::hold && message->words[1].category == "x"));
  CHECK(message->earlier == Action::hold);
  const auto least = parse_message(R"({"text":""})");
  REQUIRE(least);
  CHECK((least->id_json == "null" && !least->level && !least->earlier && least->words_json.empty()));
  CHECK(parse_message(R"({"id":7,"text":"a","verdict":"block"})")->id_json == "7");
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  CHECK(parse_message("{\"text\":\"a\xff\xe2\x82z\"}")->text == "a\uFFFD\uFFFDz");
}

TEST_CASE("what is wrong with a line is told, with its id where there is one") {
  const auto why = [](std::string_view line) { return parse_message(line).error().why; };
  CHECK(why("") == "an empty line");
  CHECK(why("  ") == "an empty line");
  CHECK(why("{") == "not a JSON object");
  CHECK(why("[]") == "not a JSON object");
  CHECK(why("{}") == "text must be a string");
  CHECK(why(R"({"text":7})") == "text must be a string");
  CHECK(why(R"({"text":"a","level":5})") == "level must be a number from 0 to 4");
  CHECK(why(R"({"text":"a","level":-1})") == "level must be a number from 0 to 4");
  CHECK(why(R"({"text":"a","roles":"vip"})") == "roles must be a list of 32 strings at most");
  CHECK(why(R"({"text":"a","words":[{"phrase":" "}]})") == "a phrase must have 1 to 100 characters");
  CHECK(why(R"({"text":"a","words":[{"phrase":"x","action":"kick"}]})") ==
        "neither allow, hold nor block: kick");
  CHECK(why(R"({"text":"a","verdict":"maybe"})") == "neither allow, hold nor block: maybe");
  CHECK(why(R"({"id":{},"text":"a"})") == "id must be a string or a number");
  CHECK(why(R"({"text":"\ud800"})") == "not a JSON object");
  const auto bad = parse_message(R"({"id":"q\n","text":7})");
  CHECK(render_error(bad.error(), 12) ==
        "{\"id\":\"q\\n\",\"line\":12,\"error\":\"text must be a string\"}\n");
}

TEST_CASE("a definition is read, and counts what is no entry") {
  const auto input = parse_input(
      R"({"id":3,"define":"alice","more":true,"words":["one",{"pattern":"t.o","action":"hold"},"",7]})");
  REQUIRE(input);
  const auto& definition = std::get<Definition>(*input);
  CHECK((definition.id_json == "3" && definition.name == "alice" && definition.more));
  REQUIRE(definition.entries.size() == 2);
  CHECK((!definition.entries[0].pattern && definition.entries[1].pattern));
  CHECK(definition.refused == 2);
  CHECK(definition.why == "a phrase must have 1 to 100 characters");
  const auto why = [](std::string_view line) { return parse_input(line).error().why; };
  CHECK(why(R"({"define":7,"words":[]})") == "define must be a string of 1 to 64 bytes");
  CHECK(why(R"({"define":"","words":[]})") == "define must be a string of 1 to 64 bytes");
  CHECK(why(R"({"define":"a"})") == "words must be a list of 500 entries at most");
  CHECK(why(R"({"define":"a","words":[],"more":1})") == "more must be true or false");
  CHECK(parse_message(R"({"id":3,"define":"a","words":[]})").error().why == "this is no message");
  CHECK(parse_message(R"({"text":"a","words":"alice"})")->words_name == "alice");
  CHECK(parse_message(R"({"text":"a","words":""})").error().why == "words names no definition");
  CHECK(parse_message(R"({"text":"a","words":[{"pattern":"a+"}]})")->words[0].pattern);
}

TEST_CASE("a deep line is no deep stack") {
  CHECK_FALSE(parse_message(std::string(longest_line, '[')));
  CHECK(parse_message("{\"text\":\"a\",\"x\":" + std::string(8000, '[') + std::string(8000, ']') + "}"));
}
