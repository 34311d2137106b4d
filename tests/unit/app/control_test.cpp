#include "app/control.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("what is asked is a command and what it needs") {
  CHECK(*app::request_of("status") == R"({"command":"status"})");
  CHECK(*app::request_of(" kick  channel=ada ") == R"({"channel":"ada","command":"kick"})");
  CHECK(*app::request_of("say text=a=b mood=") == R"({"command":"say","mood":"","text":"a=b"})");
  CHECK(*app::request_of("say text=\"\\") == R"({"command":"say","text":"\"\\"})");
  for (const char* wrong : {"", "  ", "channel=ada", "kick ada", "kick =ada", "kick command=status", "kick channel=ada bob"}) {
    INFO(wrong);
    const auto refused = app::request_of(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    CHECK_FALSE(refused.error().hint.empty());
  }
}

TEST_CASE("an answer that is an error says what, and what to do") {
  app::Control control;
  CHECK(control.answer("nonsense") == R"({"error":{"hint":"send {\"command\":\"status\"}","what":"the request is not an object with a \"command\""}})");
  CHECK(app::error_json({Errc::not_found, "no \"x\"", "look"}) == R"({"error":{"hint":"look","what":"no \"x\""}})");
}
