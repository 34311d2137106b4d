// RESP: what commands look like, replies cut anywhere, and replies that are refused.
#include "redis/reply.hpp"

#include <catch2/catch.hpp>

#include "redis/url.hpp"

using namespace sluice;
using namespace sluice::redis;

namespace {
std::string shown(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::nil: return "nil";
    case Reply::Kind::text: return "'" + reply.text + "'";
    case Reply::Kind::integer: return std::to_string(reply.integer);
    case Reply::Kind::error: return "!" + reply.text;
    case Reply::Kind::array: break;
  }
  std::string out = "[";
  for (const Reply& item : reply.items) out += (out.size() > 1 ? " " : "") + shown(item);
  return out + "]";
}

std::string read(std::initializer_list<std::string_view> pieces, ReplyReader::Limits limits = {}) {
  ReplyReader reader(limits);
  std::string out;
  for (const std::string_view piece : pieces) {
    if (!reader.feed(as_bytes(piece))) return out + "fault";
    for (;;) {
      auto reply = reader.next();
      if (!reply) return out + "fault";
      if (!*reply) break;
      out += shown(**reply) + ";";
    }
  }
  return out;
}
}  // namespace

TEST_CASE("a command is an array of its words, whatever they hold") {
  const std::vector<std::string> words{"XADD", "key", std::string("a\0\r\n", 4), ""};
  CHECK(as_text(command_bytes(words)) == "*4\r\n$4\r\nXADD\r\n$3\r\nkey\r\n$4\r\n" + words[2] + "\r\n$0\r\n\r\n");
}

TEST_CASE("replies of all kinds, cut anywhere") {
  const std::string_view input = "+OK\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n-NOGROUP No such key\r\n*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n-ERR in it\r\n*0\r\n";
  const std::string expected = "'OK';-7;'a\r\n';nil;nil;!NOGROUP No such key;[1 ['x' nil] !ERR in it];[];";
  CHECK(read({input}) == expected);
  for (std::size_t cut = 0; cut <= input.size(); ++cut) REQUIRE(read({input.substr(0, cut), input.substr(cut)}) == expected);
}

TEST_CASE("what is no reply, or too much of one, is a fault that stays") {
  CHECK(read({"hello\r\n"}) == "fault");
  CHECK(read({"+OK\r\n?\r\n"}) == "'OK';fault");
  CHECK(read({"*2000000000\r\n"}) == "fault");
  CHECK(read({"*-5\r\n"}) == "fault");
  CHECK(read({"*9\r\n:1\r\n"}, {.elements = 8}) == "fault");
  CHECK(read({"$100\r\n", std::string_view("0123456789", 10), "0123456789"}, {.bytes = 20}) == "fault");
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "*1\r\n";
  CHECK(read({deep}) == "fault");
  ReplyReader reader;
  REQUIRE(reader.feed(as_bytes("?\r\n+OK\r\n")));
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.next());
}

TEST_CASE("what a reply may hold is bounded in all, however it is nested, and anew for the next") {
  const std::string_view nested = "*2\r\n*2\r\n:1\r\n:2\r\n*2\r\n:3\r\n:4\r\n";
  CHECK(read({nested, nested}, {.elements = 6}) == "[[1 2] [3 4]];[[1 2] [3 4]];");
  CHECK(read({nested}, {.elements = 5}) == "fault");
  const std::string_view texts = "*3\r\n$4\r\naaaa\r\n+bbbb\r\n$4\r\ncccc\r\n";
  for (const std::size_t bytes : {12, 11}) {
    ReplyReader reader({.bytes = bytes});
    bool fault = false;
    std::string out;
    for (std::size_t i = 0; i < texts.size() && !fault; ++i) {
      REQUIRE(reader.feed(as_bytes(texts.substr(i, 1))));
      const auto reply = reader.next();
      fault = !reply;
      if (reply && *reply) out = shown(**reply);
    }
    CHECK(fault == (bytes == 11));
    CHECK(out == (bytes == 11 ? "" : "['aaaa' 'bbbb' 'cccc']"));
  }
}

TEST_CASE("a Redis URL") {
  const auto url = parse_url("redis://127.0.0.1");
  REQUIRE(url);
  CHECK(url->host == "127.0.0.1");
  CHECK(url->port == 6379);
  CHECK(url->database == 0);
  CHECK(url->text() == "redis://127.0.0.1:6379/0");
  CHECK(parse_url("redis://[::1]:7000/3")->text() == "redis://[::1]:7000/3");
  CHECK(parse_url("redis://cache.example:7000/")->host == "cache.example");
  const auto secret = parse_url("redis://me:p%40ss@host/2");
  REQUIRE(secret);
  CHECK(secret->user == "me");
  CHECK(secret->password == "p@ss");
  CHECK(secret->text() == "redis://host:6379/2");
  CHECK(parse_url("redis://:only@host")->user.empty());
  for (const char* wrong : {"", "redis:host", "rediss://host", "redis://", "redis://:6379", "redis://host:", "redis://host:0", "redis://host:70000", "redis://host/x", "redis://host/-1", "redis://[::1", "redis://[::1]x", "redis://[[::1]", "redis://ho[st", "redis://ho]st",
                            "redis://secret@host", "redis://:@host", "redis://:s%4@host", "redis://:s%zz@host", "redis://ho st"}) {
    INFO(wrong);
    const auto parsed = parse_url(wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::config);
    CHECK(parsed.error().what.find("secret") == std::string::npos);
  }
}
