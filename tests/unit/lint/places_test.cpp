#include <catch2/catch.hpp>

#include "lint/exchange.hpp"
#include "lint/places.hpp"

using namespace sluice::lint;

TEST_CASE("directives are taken out of an address, other parameters stay") {
  CHECK(without_directives("http://a/p.m3u8") == "http://a/p.m3u8");
  CHECK(without_directives("http://a/p.m3u8?_HLS_msn=3&_HLS_part=1") == "http://a/p.m3u8");
  CHECK(without_directives("http://a/p.m3u8?_HLS_msn=3&key=x&z") == "http://a/p.m3u8?key=x&z");
}

TEST_CASE("references are resolved as RFC 3986 says") {
  const std::string base = "http://a/b/c/d;p?q";
  const std::pair<const char*, const char*> vectors[] = {
      {"g", "http://a/b/c/g"}, {"./g", "http://a/b/c/g"}, {"g/", "http://a/b/c/g/"}, {"/g", "http://a/g"}, {"//g", "http://g"}, {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"}, {"#s", "http://a/b/c/d;p?q"}, {"", "http://a/b/c/d;p?q"}, {".", "http://a/b/c/"}, {"./", "http://a/b/c/"}, {"..", "http://a/b/"},
      {"../g", "http://a/b/g"}, {"../..", "http://a/"}, {"../../g", "http://a/g"}, {"../../../g", "http://a/g"}, {"/./g", "http://a/g"}, {"/../g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"}, {"https://h/x", "https://h/x"}, {"g?y/./x", "http://a/b/c/g?y/./x"}, {"http:g", "http:g"}};
  for (const auto& [reference, url] : vectors) CHECK(resolve_url(base, reference) == url);
  CHECK(resolve_url("http://host", "x.m3u8") == "http://host/x.m3u8");
}

TEST_CASE("directives join a query, in the order of names") {
  CHECK(with_directives("http://a/p.m3u8", {3, 1, false}) == "http://a/p.m3u8?_HLS_msn=3&_HLS_part=1");
  CHECK(with_directives("http://a/p.m3u8?token=x&A=1", {3, {}, true}) == "http://a/p.m3u8?A=1&_HLS_msn=3&_HLS_skip=YES&token=x");
}

TEST_CASE("places are named from the first playlist's folder") {
  const Places places("http://host:8081/live/demo/master.m3u8?k=1");
  CHECK(places.name("http://host:8081/live/demo/s1/source/playlist.m3u8") == "s1/source/playlist.m3u8");
  CHECK(places.name("http://cdn/x.m4s") == "http://cdn/x.m4s");
  CHECK(places.url("s1/a.m4s") == "http://host:8081/live/demo/s1/a.m4s");
  CHECK(places.name(resolve_url(places.url("s1/source/playlist.m3u8"), "../audio/playlist.m3u8")) == "s1/audio/playlist.m3u8");
  CHECK(places.name(resolve_url(places.url("s1/source/playlist.m3u8"), "/other/1.m4s")) == "http://host:8081/other/1.m4s");
  CHECK(places.name(resolve_url(places.url("http://cdn/a/b.m3u8"), "c.m4s")) == "http://cdn/a/c.m4s");
}

TEST_CASE("how long an answer may be kept") {
  const auto age = [](const char* value) {
    Reply reply;
    reply.headers = {{"cache-control", value}};
    return reply.max_age_s();
  };
  CHECK(age("public, max-age=31536000, immutable") == 31536000);
  CHECK(age("MAX-AGE=1") == 1);
  CHECK(age("no-store") == 0);
  CHECK(age("public") == -1);
  CHECK(Reply().max_age_s() == -1);
}

TEST_CASE("the host of a URL, without user and port") {
  CHECK(host_of("http://a.example/x") == "a.example");
  CHECK(host_of("https://u:p@a.example:8443?q=/@b") == "a.example");
  CHECK(host_of("http://[::1]:80/x") == "[::1]");
  for (const char* none : {"http://", "http:///x", "http://:80/x", "http://u@/x", "http://?x", "x"}) {
    INFO(none);
    CHECK(host_of(none).empty());
  }
}
