#include "srt/stream_id.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using srt::parse_stream_id;
using srt::StreamId;

TEST_CASE("a plain text is a key that publishes") {
  const auto id = parse_stream_id("s3cret");
  REQUIRE(id);
  CHECK(id->plain);
  CHECK(id->resource == "s3cret");
  CHECK(id->mode == StreamId::Mode::publish);
  CHECK(parse_stream_id("live/s3cret")->resource == "s3cret");
  CHECK(parse_stream_id("/live/s3cret")->resource == "s3cret");
}

TEST_CASE("the list form") {
  const auto id = parse_stream_id("#!::r=live/s3cret,u=alice,h=example.org,s=17,t=stream,m=publish,bmd_name=x,x=y");
  REQUIRE(id);
  CHECK_FALSE(id->plain);
  CHECK(id->resource == "s3cret");
  CHECK(id->user == "alice");
  CHECK(id->host == "example.org");
  CHECK(id->session == "17");
  CHECK(id->type == "stream");
  CHECK(id->mode == StreamId::Mode::publish);
}

TEST_CASE("a list that is percent-encoded, as some type it into a URL; a plain text is taken as it stands") {
  for (const char* text : {"%23!::r=live/s3cret,u=alice,m=publish", "%23%21%3A%3Ar%3Dlive%2fs3cret%2Cu%3Dalice%2Cm%3Dpublish", "#!%3a%3ar=s3cret,u=alice,m=publish"}) {
    const auto id = parse_stream_id(text);
    REQUIRE(id);
    CHECK_FALSE(id->plain);
    CHECK(id->resource == "s3cret");
    CHECK(id->user == "alice");
    CHECK(id->mode == StreamId::Mode::publish);
  }
  CHECK(parse_stream_id("#!::r=a%2Cb,m=publish")->resource == "a%2Cb");  // a list already
  CHECK(parse_stream_id("a%2Cb")->resource == "a%2Cb");
  CHECK(parse_stream_id("%2")->resource == "%2");
  CHECK_FALSE(parse_stream_id("%23!::r=a%0ab,m=publish"));
  CHECK_FALSE(parse_stream_id("%23!::m=publish"));
}

TEST_CASE("without m a caller asks for media, as the guidelines have it") {
  CHECK(parse_stream_id("#!::r=a")->mode == StreamId::Mode::request);
  CHECK(parse_stream_id("#!::r=a,m=request")->mode == StreamId::Mode::request);
  CHECK(parse_stream_id("#!::m=bidirectional,r=a,")->mode == StreamId::Mode::bidirectional);
}

TEST_CASE("a value may hold an equals sign") { CHECK(parse_stream_id("#!::r=a=b=,m=publish")->resource == "a=b="); }

TEST_CASE("what is no streamid") {
  CHECK(parse_stream_id(std::string(512, 'a')));
  for (const std::string& text :
       {std::string(513, 'a'), std::string(), std::string("#!::"), std::string("#!::m=publish"), std::string("#!::r=,m=publish"),
        std::string("#!::r"), std::string("#!::=a"), std::string("#!::r=a,r=b"), std::string("#!::r=a,m=write"), std::string("#!{r=a}"),
        std::string("a\nb"), std::string("a\0b", 3), std::string("live/")}) {
    const auto id = parse_stream_id(text);
    CHECK_FALSE(id);
    CHECK(id.error().what.find("s3cret") == std::string::npos);
  }
}
