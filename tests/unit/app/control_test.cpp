#include "app/control.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <algorithm>

using namespace sluice;

TEST_CASE("what is asked is a command and what it needs") {
  CHECK(*app::request_of("status") == R"({"command":"status"})");
  CHECK(*app::request_of(" kick  channel=ada ") == R"({"channel":"ada","command":"kick"})");
  CHECK(*app::request_of("say text=a=b mood=") == R"({"command":"say","mood":"","text":"a=b"})");
  CHECK(*app::request_of("say text=a\"\\") == R"({"command":"say","text":"a\"\\"})");
  CHECK(*app::request_of(R"(act line="/slow  5" as=mod)") == R"({"as":"mod","command":"act","line":"/slow  5"})");
  CHECK(*app::request_of(R"(say text="a \"b\" \\ \c")") == R"({"command":"say","text":"a \"b\" \\ \\c"})");
  CHECK(*app::request_of(R"(say text="")") == R"({"command":"say","text":""})");
  for (const char* wrong : {"", "  ", "channel=ada", "kick ada", "kick =ada", "kick command=status", "kick channel=ada bob", "say text=\"a b"}) {
    INFO(wrong);
    const auto refused = app::request_of(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    CHECK_FALSE(refused.error().hint.empty());
  }
}

TEST_CASE("an answer that is an error says what, and what to do") {
  app::Control control;
  const auto answer = [&control](const std::string& line) {
    std::string text;
    control.answer(line, [&text](const std::string& answer) { text += answer; });
    return text;
  };
  CHECK(answer("nonsense") == R"({"error":{"hint":"send {\"command\":\"status\"}","what":"the request is not an object with a \"command\""}})");
  CHECK(app::error_json({Errc::not_found, "no \"x\"", "look"}) == R"({"error":{"hint":"look","what":"no \"x\""}})");
}

namespace {
struct Reader : net::Connection::Handler {
  Reader(net::Loop& l, int n) : loop(l), lines(n) {}
  void on_data(ByteView bytes) override {
    text += as_text(bytes);
    if (std::ranges::count(text, '\n') == lines) loop.stop();
  }
  void on_closed(const Error&) override { loop.stop(); }

  net::Loop& loop;
  int lines;
  std::string text;
};
}  // namespace

TEST_CASE("answers come in the order of the requests, those that take time too") {
  net::Loop loop;
  app::Control control;
  std::vector<app::Control::Reply> due;
  control.add("late", [&](const std::string&, app::Control::Reply reply) { due.push_back(std::move(reply)); });
  control.add("now", [](const std::string&) { return std::string("now"); });
  const std::string path = "/tmp/sluice-control-" + std::to_string(::getpid());
  REQUIRE(control.listen(loop, path));

  const std::string late = "{\"command\":\"late\"}\n", now = "{\"command\":\"now\"}\n";
  auto reader = std::make_shared<Reader>(loop, 5);
  std::shared_ptr<net::Connection> connection;
  net::Connection::connect(loop, {.path = path}, reader, [&](Result<std::shared_ptr<net::Connection>> made) {
    connection = made.value();
    connection->send(to_bytes(now + late + now + now + late));
  });
  net::Timer look(loop);
  look.every(std::chrono::milliseconds(1), [&] {
    for (const auto& reply : std::exchange(due, {})) reply("late");
  });
  loop.run();
  CHECK(reader->text == "now\nlate\nnow\nnow\nlate\n");
  connection->release();
}
