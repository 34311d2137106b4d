// rooms: chat
// Any text that a page or an IRC client sends, on its way to the pages that get it.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "chat/json_object.hpp"
#include "chat/json_request.hpp"
#include "chat/text.hpp"
#include "unit/chat/fakes.hpp"
#include "unit/chat/hostile.hpp"

using namespace sluice;
using namespace sluice::chat;
using nlohmann::json;

namespace {
// A message as a page would send it, its text written as we write texts.
std::string message_of(std::string_view text) {
  std::string out;
  JsonObject(out).text("type", "message").text("channel", "demo").text("text", text).text("key", "k");
  return out;
}

// The texts of the messages among frames, each of which append_marked() makes an array.
std::vector<std::string> texts_in(std::string frames) {
  std::vector<std::string> texts;
  for (std::size_t end; (end = frames.find("][")) != std::string::npos;) frames.replace(end, 2, ",");
  const json all = json::parse("[" + frames + "]", nullptr, false);
  REQUIRE_FALSE(all.is_discarded());
  for (const json& array : all)
    for (const json& frame : array)
      if (frame["type"] == "message") texts.push_back(frame["text"]);
  return texts;
}
}  // namespace

TEST_CASE("what we write as a text we read as that text") {
  Hostile any(6);
  for (int round = 0; round < 1000; ++round) {
    const std::string text = any.text();
    const auto request = parse_json_request(message_of(text));
    REQUIRE(request);
    CHECK(std::get<MessageRequest>(*request).text == text);
  }
}

TEST_CASE("escapes are read in pairs, and half of a pair is no character") {
  const auto text = [](const std::string& escaped) {
    const auto request =
        parse_json_request(R"({"type":"message","channel":"demo","key":"k","text":")" + escaped + "\"}");
    return request ? std::get<MessageRequest>(*request).text : request.error().what;
  };
  CHECK(text(R"(\ud83d\ude00)") == "\xf0\x9f\x98\x80");
  CHECK(text(R"(\udbff\udfff)") == "\xf4\x8f\xbf\xbf");
  CHECK(text(R"(\ud7ff\ue000)") == "\xed\x9f\xbf\xee\x80\x80");
  CHECK(text(R"(\u0000)") == std::string(1, '\0'));
  const std::string no = "\xef\xbf\xbd";
  CHECK(text(R"(\ud83d)") == no);
  CHECK(text(R"(\uDE00)") == no);
  CHECK(text(R"(\ud83d \ude00)") == no + " " + no);
  CHECK(text(R"(\ude00\ud83d)") == no + no);
  CHECK(text(R"(\ud83d\ud83d)") == no + no);
  CHECK(text(R"(\ud83d\ud83d\ude00)") == no + "\xf0\x9f\x98\x80");
  CHECK(text(R"(\ud83dx)") == no + "x");
  CHECK(text(R"(\ud83d\u0041)") == no + "A");
  CHECK(text(R"(\ud83d\\ude00)") == no + "\\ude00");  // a backslash, and letters
  CHECK(text(R"(\\ud83d)") == "\\ud83d");
  for (const char* broken : {R"(\ud83d\)", R"(\ud83d\u)", R"(\ud83d\ude0)", R"(\ud83d\x)", R"(\ud83)"})
    CHECK(text(broken) == "not a JSON object");
}

TEST_CASE("whatever is said reaches a page as a text of the same characters") {
  Hostile any(7);
  for (int round = 0; round < 300; ++round) {
    TestHall hall;
    IrcPeer speaker(hall);
    JsonPeer writer(hall), page(hall);
    speaker.log_in("t7", "ada");
    speaker.send("JOIN #demo\r\n");
    writer.send(R"({"type":"auth","ticket":"k8"})");
    writer.send(R"({"type":"join","channel":"demo"})");
    page.send(R"({"type":"join","channel":"demo"})");
    const std::string typed = "a" + any.text() + "z";
    writer.send(message_of(typed));
    std::string bare = typed;  // IRC has no lines in a line
    std::erase_if(bare, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    speaker.client->receive(as_bytes("PRIVMSG #demo :" + bare + "\r\n"));
    hall.flush();
    CHECK(texts_in(page.outlet.delivered) ==
          std::vector<std::string>{read_typed(typed).text, read_typed(bare).text});
  }
}

TEST_CASE("bytes that are no UTF-8 reach a page as U+FFFD") {
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    TestHall hall;
    IrcPeer speaker(hall);
    JsonPeer page(hall);
    speaker.log_in("t7", "ada");
    speaker.send("JOIN #demo\r\n");
    page.send(R"({"type":"join","channel":"demo"})");
    speaker.client->receive(as_bytes("PRIVMSG #demo :a" + std::string(bad) + "z\r\n"));
    hall.flush();
    const std::vector<std::string> texts = texts_in(page.outlet.delivered);
    REQUIRE(texts.size() == 1);
    CHECK(texts[0].starts_with("a\xef\xbf\xbd"));
    CHECK(texts[0].ends_with("\xef\xbf\xbdz"));
  }
}
