#include "http/url.hpp"

#include <catch2/catch.hpp>

#include "base/percent.hpp"
#include "http/response_head.hpp"
#include "http/server.hpp"

using namespace sluice::http;

TEST_CASE("percent-encoding goes there and back") {
  CHECK(percent_encode("a b/ü~") == "a%20b%2F%C3%BC~");
  CHECK(sluice::percent_decoded("a%20b%2f%C3%BC~+") == "a b/ü~+");
  CHECK_FALSE(sluice::percent_decoded("%"));
  CHECK_FALSE(sluice::percent_decoded("%1"));
  CHECK_FALSE(sluice::percent_decoded("%g0"));
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(sluice::percent_decoded(percent_encode(all)) == all);
}

TEST_CASE("queries are read in order") {
  CHECK(parse_query("a=1&b&&c=x%3Dy+z&a=%") == Query{{"a", "1"}, {"b", ""}, {"c", "x=y z"}, {"a", "%"}});
  CHECK(parse_query("").empty());
}

TEST_CASE("targets give a safe path") {
  CHECK(parse_target("/a/./b?c")->path == "/a/./b");
  CHECK(parse_target("http://host")->path == "/");
  CHECK(parse_target("http://host?a=b")->query.size() == 1);
  CHECK_FALSE(parse_target("host"));
  CHECK_FALSE(parse_target("/a/.."));
  CHECK_FALSE(parse_target("/%2e%2e/b"));
  CHECK_FALSE(parse_target("/%0a"));
}

TEST_CASE("gzip is taken when the client takes it") {
  auto accepts = [](std::string value) {
    Request request;
    request.headers.emplace_back("accept-encoding", std::move(value));
    return request.accepts_gzip();
  };
  CHECK(accepts("gzip, deflate, br"));
  CHECK(accepts("br;q=1.0, GZIP;q=0.5"));
  CHECK(accepts("*"));
  CHECK_FALSE(accepts("gzip;q=0"));
  CHECK_FALSE(accepts("identity"));
  CHECK_FALSE(accepts(""));
}

TEST_CASE("dates are in the form of RFC 9110") { CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"); }
