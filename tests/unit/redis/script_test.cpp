// A script by its hash, and whole where the server does not know it; the server is played.
#include "redis/script.hpp"

#include <catch2/catch.hpp>

#include "net/tcp.hpp"

using namespace sluice;
using namespace sluice::redis;

namespace {
// Answers each command by `rule`: of the words' first, and what follows.
struct PlayedServer : net::Connection::Handler {
  std::vector<std::string> commands;
  std::function<std::string(const std::string& command)> rule;
  std::shared_ptr<net::Connection> link;
  void on_data(ByteView bytes) override {
    for (std::string text(as_text(bytes)); !text.empty();) {
      const std::size_t next = text.find("\r\n*", 1);
      const std::string command = text.substr(0, next == std::string::npos ? next : next + 2);
      text.erase(0, command.size());
      commands.push_back(command);
      link->send_copy(as_bytes(rule(command)));
    }
  }
  void on_closed(const Error&) override { link.reset(); }
};
bool is(const std::string& command, const std::string& word) { return command.find("\r\n" + word + "\r\n") != std::string::npos; }
}  // namespace

TEST_CASE("a script goes by its hash once that is known, and whole when the server has forgotten it") {
  net::Loop loop;
  const auto server = std::make_shared<PlayedServer>();
  bool known = true;
  server->rule = [&](const std::string& command) -> std::string {
    if (is(command, "PING")) return "+PONG\r\n";
    if (is(command, "LOAD")) return "$4\r\nhash\r\n";
    if (is(command, "EVALSHA")) return known ? "+by hash\r\n" : "-NOSCRIPT No matching script.\r\n";
    return is(command, "bad") ? "-ERR of its own\r\n" : "+whole\r\n";
  };
  const auto listener = *net::Listener::bind(loop, {"127.0.0.1", 0, ""}, [&](os::UniqueFd fd, net::Endpoint) {
    server->link = net::Connection::adopt(loop, std::move(fd), server);
  });
  std::vector<std::string> answers;
  Script script("return 1");
  std::optional<Link> link;
  const auto answer = [&](bool last) {
    return [&, last](Result<Reply> reply) {
      answers.push_back(reply ? reply->text : reply.error().what);
      if (last) loop.stop();
    };
  };
  link.emplace(loop, Url{.host = "127.0.0.1", .port = listener->local().port}, Link::Calls{.up = [&] { loop.stop(); }, .down = [] {}}, Link::Habits{});
  loop.run();
  REQUIRE(link->is_up());
  script.run(*link, {"k"}, {"a"}, answer(true));
  loop.run();
  script.load(*link);
  script.run(*link, {"k"}, {"a"}, answer(true));  // its hash is on its way
  loop.run();
  script.run(*link, {"k"}, {"a"}, answer(true));
  loop.run();
  known = false;
  script.run(*link, {"k"}, {"a"}, answer(false));
  script.run(*link, {"k"}, {"bad"}, answer(true));
  loop.run();
  CHECK(answers == std::vector<std::string>{"whole", "whole", "by hash", "whole", "ERR of its own"});
  CHECK(server->commands.back().find("return 1") != std::string::npos);
  CHECK(server->commands.back().find("\r\n$1\r\n1\r\n$1\r\nk\r\n$3\r\nbad\r\n") != std::string::npos);
}
