#include "http/request_parser.hpp"

#include <catch2/catch.hpp>
#include <optional>

using namespace sluice;
using namespace sluice::http;

namespace {

struct Outcome {
  int refused = 0;
  bool done = false;
  std::string seen;      // everything a handler would see
  std::size_t taken = 0;

  bool operator==(const Outcome&) const = default;
};

std::string describe(const Request& request) {
  std::string text = request.method + " " + request.target + " " + request.path;
  for (const auto& [name, value] : request.query) text += " ?" + name + "=" + value;
  for (const auto& [name, value] : request.headers) text += " [" + name + ": " + value + "]";
  return text + " " + request.body;
}

// Feeds `pieces` cut at the given places.
Outcome parse(std::string_view text, std::vector<std::size_t> cuts = {}, const Limits& limits = {}) {
  RequestParser parser(limits);
  Outcome outcome;
  cuts.push_back(text.size());
  std::size_t from = 0;
  for (auto cut : cuts) {
    auto piece = text.substr(from, cut - from);
    while (!piece.empty() && !parser.done()) {
      auto taken = parser.feed(as_bytes(piece));
      if (!taken) {
        outcome.refused = taken.error().status;
        return outcome;
      }
      REQUIRE(*taken <= piece.size());
      REQUIRE((*taken > 0 || parser.done()));
      piece.remove_prefix(*taken);
      outcome.taken += *taken;
    }
    from = cut;
  }
  outcome.done = parser.done();
  if (outcome.done) outcome.seen = describe(parser.request());
  return outcome;
}

constexpr std::string_view plain = "GET /a%20b/c?x=1&y=%C3%A9+z HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n";
constexpr std::string_view sized = "\r\n\r\nPOST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET";
constexpr std::string_view chunked =
    "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n00B\r\n, the world\r\n0\r\nT: v\r\n\r\nX";

}  // namespace

TEST_CASE("requests are read as sent") {
  auto get = parse(plain);
  CHECK(get.seen == "GET /a%20b/c?x=1&y=%C3%A9+z /a b/c ?x=1 ?y=\xc3\xa9 z [Host: h] [Accept: */*] ");
  CHECK(get.taken == plain.size());
  auto post = parse(sized);
  CHECK(post.seen == "POST /p /p [Host: h] [Content-Length: 5] hello");
  CHECK(post.taken == sized.size() - 3);
  auto pieces = parse(chunked);
  CHECK(pieces.seen == "POST /p /p [Host: h] [Transfer-Encoding: chunked] hello, the world");
  CHECK(pieces.taken == chunked.size() - 1);
  CHECK(parse("GET http://h:80/a?b HTTP/1.1\r\nHost: h\r\n\r\n").seen == "GET http://h:80/a?b /a ?b= [Host: h] ");
  CHECK(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").done);
  CHECK(parse("GET / HTTP/1.0\r\n\r\n").done);
}

TEST_CASE("a request cut anywhere is the same request") {
  for (auto text : {plain, sized, chunked}) {
    auto whole = parse(text);
    REQUIRE(whole.done);
    std::vector<std::size_t> every_byte;
    for (std::size_t i = 1; i < text.size(); ++i) {
      every_byte.push_back(i);
      CHECK(parse(text, {i}) == whole);
      for (std::size_t j = i; j < text.size(); j += 7) CHECK(parse(text, {i, j}) == whole);
    }
    CHECK(parse(text, every_byte) == whole);
  }
}

TEST_CASE("what could be smuggled or injected is refused") {
  auto with = [](std::string_view fields, std::string_view rest = "") {
    return parse("POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(rest)).refused;
  };
  CHECK(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") == 400);
  CHECK(with("Content-Length: 3\r\nContent-Length: 3\r\n") == 400);
  CHECK(with("Content-Length: 3, 3\r\n") == 400);
  CHECK(with("Content-Length: +3\r\n") == 400);
  CHECK(with("Content-Length: -1\r\n") == 400);
  CHECK(with("Content-Length: 0x3\r\n") == 400);
  CHECK(with("Content-Length: 18446744073709551616\r\n") == 400);
  CHECK(with("Content-Length:\r\n") == 400);
  CHECK(with("Transfer-Encoding: gzip, chunked\r\n") == 501);
  CHECK(with("Transfer-Encoding: chunked, gzip\r\n") == 501);
  CHECK(with("Transfer-Encoding: xchunked\r\n") == 501);
  CHECK(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(with("Transfer-Encoding : chunked\r\n") == 400);
  CHECK(with(" folded: x\r\n") == 400);
  CHECK(with("A: b\r\n folded\r\n") == 400);
  CHECK(with("A: b\nC: d\r\n") == 400);
  CHECK(with("A: b\rC: d\r\n") == 400);
  CHECK(with(std::string_view("A: b\0c\r\n", 8)) == 400);
  CHECK(with("no colon\r\n") == 400);
  CHECK(with(": empty name\r\n") == 400);
  CHECK(with("Host: other\r\n") == 400);
  CHECK(parse("GET / HTTP/1.1\r\n\r\n").refused == 400);
  CHECK(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").refused == 400);
  for (auto body : {"x\r\n", "5\nhello", "5\r\nhelloX", "5\r\nhello\rX", "-1\r\n", " 5\r\n", "0x5\r\n", "0000000000000000005\r\n",
                    "0\r\n\rX", "0\r\nA\n", "5 \r\n"})
    CHECK(with("Transfer-Encoding: chunked\r\n", body) == 400);
}

TEST_CASE("bad request lines are refused") {
  for (std::string line :
       {"GET", "GET /", "GET  / HTTP/1.1", " GET / HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTX/1.1", "GET / HTTP/1.1 ", "GET a HTTP/1.1",
        "GET /\x01 HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1", "GET /%zz HTTP/1.1", "GET /%4 HTTP/1.1", "GET /%00 HTTP/1.1",
        "GET /../etc HTTP/1.1", "GET /a/%2e%2e HTTP/1.1", "GET /a/..%2fb HTTP/1.1", "\x16\x03\x01\x02", "GET /\tx HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(parse(line + "\r\nHost: h\r\n\r\n").refused == 400);
  }
  CHECK(parse("GET / HTTP/2.0\r\nHost: h\r\n\r\n").refused == 505);
  CHECK(parse("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n").refused == 405);
  CHECK(parse("GET /..a/b.. HTTP/1.1\r\nHost: h\r\n\r\n").done);
}

TEST_CASE("sizes are bounded, whole or in pieces") {
  Limits limits;
  limits.body_bytes = 8;
  CHECK(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", {}, limits).refused == 413);
  CHECK(parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n", {}, limits).refused == 413);
  CHECK(parse("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n").refused == 414);
  CHECK(parse("GET /" + std::string(20000, 'a'), {100, 200}).refused == 414);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 101; ++i) many += "a: b\r\n";
  CHECK(parse(many + "\r\n").refused == 431);
  std::string large = "GET / HTTP/1.1\r\nHost: h\r\na: " + std::string(17000, 'b');
  CHECK(parse(large, {5000, 10000, 15000}).refused == 431);
  CHECK(parse(large + "\r\n\r\n").refused == 431);
  std::string trailers = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 2000; ++i) trailers += "a: b\r\n";
  CHECK(parse(trailers).refused == 400);
}

TEST_CASE("one parser reads request after request") {
  Limits limits;
  RequestParser parser(limits);
  std::string stream = std::string(sized.substr(0, sized.size() - 3)) + std::string(chunked.substr(0, chunked.size() - 1)) +
                       std::string(plain);
  std::vector<std::string> seen;
  auto rest = as_bytes(stream);
  while (!rest.empty()) {
    auto taken = parser.feed(rest);
    REQUIRE(taken);
    rest = rest.subspan(*taken);
    if (!parser.done()) continue;
    seen.push_back(parser.request().method + " " + parser.request().body);
    parser.reset();
    CHECK(parser.fresh());
  }
  CHECK(seen == std::vector<std::string>{"POST hello", "POST hello, the world", "GET "});
}
