#include "s3/place.hpp"

#include <catch2/catch.hpp>

#include "s3/credentials.hpp"

using namespace sluice;
using namespace sluice::s3;

TEST_CASE("a place is a bucket with or without a prefix") {
  CHECK(*parse_place("s3://vods") == Place{"vods", ""});
  CHECK(*parse_place("s3://vods/") == Place{"vods", ""});
  CHECK(*parse_place("s3://vods/2026/eu/") == Place{"vods", "2026/eu"});
  CHECK(parse_place("s3://vods/2026")->text() == "s3://vods/2026");
  CHECK(parse_place("s3://vods/2026")->key("a/b") == "2026/a/b");
  CHECK(parse_place("s3://vods")->key("a/b") == "a/b");
  for (const char* wrong : {"", "vods", "file:/x", "s3://", "s3://ab", "s3://Vods", "s3://vods/a//b", "s3://vods/..", "s3://vods/a/./b", "s3://vods/a b", "s3://vods/a?b", "s3://-vods", "s3://vo..ds"})
    CHECK_FALSE(parse_place(wrong));
}

TEST_CASE("an endpoint is a scheme and a host; without one it is Amazon's") {
  const Service own = *parse_service("http://127.0.0.1:8080", "us-east-1");
  CHECK(own.host == "127.0.0.1:8080");
  CHECK(own.in_path);
  CHECK(parse_service("https://S3.Example:443/", "eu-1")->host == "s3.example");
  CHECK(parse_service("http://[::1]:9000", "x")->host == "[::1]:9000");
  CHECK(parse_service("", "eu-central-1")->host == "s3.eu-central-1.amazonaws.com");
  for (const char* wrong : {"127.0.0.1", "ftp://h", "http://", "http://h/path", "http://h:0", "http://h:x", "http://h:70000", "http://h b", "http://[::1", "http://[::1]x"})
    CHECK_FALSE(parse_service(wrong, "us-east-1"));
  CHECK_FALSE(parse_service("http://h", "no region"));
}

TEST_CASE("what an endpoint says before an @ is not repeated") {
  const auto wrong = parse_service("https://user:secret@host", "us-east-1");
  REQUIRE_FALSE(wrong);
  CHECK(to_string(wrong.error()).find("secret") == std::string::npos);
}

TEST_CASE("the bucket stands in the path, or in the host's name at Amazon's") {
  const Place place{"vods", "p"};
  const Target in_path = target_of(*parse_service("http://h:1", "us-east-1"), place, "p/a b");
  CHECK(in_path.host == "h:1");
  CHECK(in_path.path == "/vods/p/a b");
  CHECK(in_path.url == "http://h:1/vods/p/a%20b");
  CHECK(target_of(*parse_service("", "us-west-2"), place, "p/a").url == "https://vods.s3.us-west-2.amazonaws.com/p/a");
  CHECK(target_of(*parse_service("", "us-west-2"), Place{"my.vods", ""}, "a").url == "https://s3.us-west-2.amazonaws.com/my.vods/a");
}

TEST_CASE("keys come from a file as Amazon's tools have it") {
  const auto found = parse_credentials("# mine\n[other]\naws_access_key_id = no\n[default]\r\naws_access_key_id = AKID\r\n aws_secret_access_key=a/b+c=\nregion = x\n", "f");
  REQUIRE(found);
  CHECK(*found == Credentials{"AKID", "a/b+c=", ""});
  CHECK(parse_credentials("aws_access_key_id=A\naws_secret_access_key=S\naws_session_token=T", "f")->session_token == "T");
}

TEST_CASE("what is wrong with keys is told without them") {
  for (const char* wrong : {"", "aws_access_key_id = A", "aws_access_key_id = A\nhush-hush", "aws_access_key_id = A\naws_secret_access_key = hush hush", "[other]\naws_access_key_id = A\naws_secret_access_key = hush"}) {
    const auto found = parse_credentials(wrong, "keys");
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::config);
    CHECK(to_string(found.error()).find("hush") == std::string::npos);
    CHECK(found.error().what.starts_with("keys"));
  }
  CHECK_FALSE(credentials_from([](const std::string&) { return std::nullopt; }));
}
