#include <catch2/catch.hpp>
#include <zlib.h>

#include "origin/answer.hpp"

using namespace sluice;
using namespace sluice::origin;

namespace {

std::string header(const http::Response& response, const std::string& name) { return std::string(response.header(name)); }

Media media() { return {{nullptr, 100, 1000}, "video/mp4", "s1/source/7.m4s", 784'111'777'000}; }

std::string gunzip(const Bytes& packed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = packed.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = out.size();
  inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("HTTP dates") { CHECK(http_date(784'111'777'999) == "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST_CASE("ranges as RFC 9110 14.1.2 has them") {
  ByteRange range;
  CHECK(parse_range("bytes=0-499", 1000, range) == RangeKind::part);
  CHECK((range.first == 0 && range.count == 500));
  CHECK(parse_range("bytes=500-", 1000, range) == RangeKind::part);
  CHECK((range.first == 500 && range.count == 500));
  CHECK(parse_range("bytes=-100", 1000, range) == RangeKind::part);
  CHECK((range.first == 900 && range.count == 100));
  CHECK(parse_range("bytes=-5000", 1000, range) == RangeKind::part);
  CHECK((range.first == 0 && range.count == 1000));
  CHECK(parse_range("bytes=999-9999", 1000, range) == RangeKind::part);
  CHECK((range.first == 999 && range.count == 1));
  CHECK(parse_range("bytes=1000-", 1000, range) == RangeKind::unsatisfiable);
  CHECK(parse_range("bytes=-0", 1000, range) == RangeKind::unsatisfiable);
  for (const char* other : {"", "bytes=", "bytes=5", "bytes=9-3", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=--5"}) {
    INFO(other);
    CHECK(parse_range(other, 1000, range) == RangeKind::whole);
    CHECK((range.first == 0 && range.count == 1000));
  }
}

TEST_CASE("media is immutable, and a range of it is a range of its file") {
  const auto whole = media_answer(media(), {});
  CHECK(whole.status == 200);
  CHECK(header(whole, "Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(header(whole, "Content-Type") == "video/mp4");
  CHECK(header(whole, "Access-Control-Allow-Origin") == "*");
  CHECK(header(whole, "ETag") == "\"s1/source/7.m4s\"");
  CHECK(std::get<net::FileRange>(whole.body).offset == 100);
  CHECK(std::get<net::FileRange>(whole.body).size == 1000);

  const auto part = media_answer(media(), {.range = "bytes=10-19"});
  CHECK(part.status == 206);
  CHECK(header(part, "Content-Range") == "bytes 10-19/1000");
  CHECK(std::get<net::FileRange>(part.body).offset == 110);
  CHECK(std::get<net::FileRange>(part.body).size == 10);

  const auto beyond = media_answer(media(), {.range = "bytes=1000-"});
  CHECK(beyond.status == 416);
  CHECK(header(beyond, "Content-Range") == "bytes */1000");

  CHECK(media_answer(media(), {.range = "bytes=10-19", .if_range = "\"other\""}).status == 200);
  CHECK(media_answer(media(), {.range = "bytes=10-19", .if_range = "\"s1/source/7.m4s\""}).status == 206);
}

TEST_CASE("media that the client has is not sent again") {
  CHECK(media_answer(media(), {.if_none_match = "\"x\", W/\"s1/source/7.m4s\""}).status == 304);
  CHECK(media_answer(media(), {.if_none_match = "*"}).status == 304);
  CHECK(media_answer(media(), {.if_none_match = "\"x\""}).status == 200);
  CHECK(media_answer(media(), {.if_modified_since = "Sun, 06 Nov 1994 08:49:37 GMT"}).status == 304);
  CHECK(media_answer(media(), {.if_modified_since = "Sun, 06 Nov 1994 08:49:36 GMT"}).status == 200);
  CHECK(media_answer(media(), {.if_modified_since = "yesterday"}).status == 200);
}

TEST_CASE("a playlist is compressed once for all, under its own ETag") {
  Rendered rendered = render("#EXTM3U\n", 784'111'777'000);
  const auto plain = playlist_answer(rendered, {}, 1);
  CHECK(header(plain, "Content-Type") == "application/vnd.apple.mpegurl");
  CHECK(header(plain, "Cache-Control") == "public, max-age=1");
  CHECK(header(plain, "Vary") == "Accept-Encoding");
  CHECK(header(plain, "Content-Encoding").empty());
  CHECK_FALSE(rendered.gzip);

  const auto packed = playlist_answer(rendered, {.gzip = true}, 12);
  CHECK(header(packed, "Content-Encoding") == "gzip");
  CHECK(header(packed, "Cache-Control") == "public, max-age=12");
  CHECK(header(packed, "ETag") != header(plain, "ETag"));
  CHECK(gunzip(*std::get<SharedBytes>(packed.body)) == "#EXTM3U\n");
  CHECK(std::get<SharedBytes>(playlist_answer(rendered, {.gzip = true}, 1).body) == std::get<SharedBytes>(packed.body));

  CHECK(playlist_answer(rendered, {.if_none_match = header(plain, "ETag")}, 1).status == 304);
  CHECK(playlist_answer(rendered, {.gzip = true, .if_none_match = header(plain, "ETag")}, 1).status == 200);
  CHECK(playlist_answer(rendered, {.if_modified_since = "Sun, 06 Nov 1994 08:49:37 GMT"}, 1).status == 200);
}

TEST_CASE("errors are JSON that pages understand, and may be kept for a second at most") {
  const auto offline = error_answer(404, "OFFLINE", "the channel is offline", 5);
  CHECK(header(offline, "Retry-After") == "5");
  CHECK(header(offline, "Cache-Control") == "public, max-age=1");
  CHECK(std::get<std::string>(offline.body) ==
        R"({"success":false,"data":null,"error":{"statusCode":404,"code":"OFFLINE","message":"the channel is offline"}})");
  CHECK(header(error_answer(503, "UNAVAILABLE", "x", 1), "Cache-Control") == "no-store");
}
