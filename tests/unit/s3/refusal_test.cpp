#include "s3/refusal.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::s3;

namespace {
Refusal read(std::string_view text) { return read_refusal(as_bytes(text)); }
}  // namespace

TEST_CASE("a refusal's code and message are read, markup apart") {
  const Refusal refusal = read("<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>AccessDenied</Code><Message>Not &lt;you&gt;\n&amp; now &bogus;</Message><RequestId>x</RequestId></Error>");
  CHECK(refusal.code == "AccessDenied");
  CHECK(refusal.message == "Not <you> & now &bogus;");
}

TEST_CASE("what is no refusal says nothing") {
  for (const char* other : {"", "<html><h1>Unauthorized</h1></html>", "<Error><Code></Code></Error>", "<Error><Code>a b</Code></Error>", "<Error><Code>X", "<Code>X</Code>"})
    CHECK(read(other).code.empty());
  CHECK(read("<Error><Code>X</Code></Error>").message.empty());
}

TEST_CASE("a long message is cut") {
  CHECK(read("<Error><Code>X</Code><Message>" + std::string(5000, 'm') + "</Message></Error>").message.size() == 300);
}

TEST_CASE("what may pass by itself is tried again, what is refused is not") {
  for (const int status : {0, 408, 409, 429, 500, 502, 503, 504}) CHECK(passing(status, ""));
  for (const char* code : {"RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"}) CHECK(passing(400, code));
  CHECK(passing(403, "SlowDown"));
  for (const int status : {301, 400, 401, 403, 404, 405, 411, 413, 501}) CHECK_FALSE(passing(status, ""));
}

TEST_CASE("what one object is refused for is no fault of the others") {
  CHECK(of_one_object(413, ""));
  CHECK(of_one_object(400, "EntityTooLarge"));
  for (const char* code : {"", "SignatureDoesNotMatch", "NoSuchBucket", "InvalidRequest"}) CHECK_FALSE(of_one_object(400, code));
}

TEST_CASE("an error says what was tried, what came back, and what to do") {
  const Error error = error_of("put s3://vods/a", 403, {"SignatureDoesNotMatch", "no match"});
  CHECK(error.code == Errc::denied);
  CHECK(error.what == "put s3://vods/a: 403 SignatureDoesNotMatch: no match");
  CHECK(error.hint.find("secret") != std::string::npos);
  CHECK(error_of("x", 404, {"NoSuchBucket", ""}).code == Errc::not_found);
  CHECK(error_of("x", 403, {"RequestTimeTooSkewed", ""}).hint == "set this machine's clock");
  CHECK(error_of("x", 503, {}).code == Errc::unavailable);
}
