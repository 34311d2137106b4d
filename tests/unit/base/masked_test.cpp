#include "base/masked.hpp"

#include <catch2/catch.hpp>

using sluice::without_passwords;

TEST_CASE("the passwords of URLs are not shown, all else is") {
  CHECK(without_passwords("redis://:hush@10.0.0.1:6379/2") == "redis://:***@10.0.0.1:6379/2");
  CHECK(without_passwords("redis://user:hush@[::1]:6379") == "redis://user:***@[::1]:6379");
  CHECK(without_passwords("https://me:hush@host/path?a=b@c:d") == "https://me:***@host/path?a=b@c:d");
  CHECK(without_passwords("SLUICE_DISPATCH=redis://:hush@h transcode --jobs 'redis://:hush@i' | segmenter") == "SLUICE_DISPATCH=redis://:***@h transcode --jobs 'redis://:***@i' | segmenter");
  for (const char* same : {"", "redis://host:6379/0", "s3://bucket/prefix", "http://host:80/p?mail=a@b:c", "http://user@host/", "a:b@c", "://", "redis://", "x://@", "[::1]:80"}) CHECK(without_passwords(same) == same);
}

TEST_CASE("a password that should have been encoded is not shown either") {
  for (const char* password : {"pa/ss", "pa:ss", "p@ss", "p?a#s", "://", ":@"}) {
    INFO(password);
    CHECK(without_passwords("redis://:" + std::string(password) + "@host/0") == "redis://:***@host/0");
  }
  CHECK(without_passwords("redis://a:hush@h,redis://b:hush@i").find("hush") == std::string::npos);
}
