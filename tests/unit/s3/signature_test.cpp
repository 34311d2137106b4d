#include "s3/signature.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::s3;

namespace {

std::string signature_of(const std::string& authorization) { return authorization.substr(authorization.rfind('=') + 1); }

// docs.aws.amazon.com, Amazon S3 API reference: "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
const Credentials documents{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Wall friday{milliseconds(1'369'353'600'000)};  // 2013-05-24T00:00:00Z
const std::string nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string document_signature(const Request& request, const std::string& payload = nothing) {
  return signature_of(signed_fields(request, documents, {}, friday, payload).back().second);
}

// The suite that Amazon publishes for Signature Version 4 (aws-sig-v4-test-suite).
const Credentials suite{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const Wall sunday{milliseconds(1'440'938'160'000)};  // 2015-08-30T12:36:00Z

std::string suite_signature(Request request) {
  request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
  return signature_of(authorization(request, suite, {"us-east-1", "service"}, sunday, nothing));
}

}  // namespace

TEST_CASE("the examples of the S3 API reference are signed as it says") {
  CHECK(document_signature({"GET", "examplebucket.s3.amazonaws.com", "/test.txt", {}, {{"Range", "bytes=0-9"}}}) ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(document_signature({"PUT", "examplebucket.s3.amazonaws.com", "/test$file.text", {}, {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
                           "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072") == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(document_signature({"GET", "examplebucket.s3.amazonaws.com", "/", {{"lifecycle", ""}}, {}}) == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(document_signature({"GET", "examplebucket.s3.amazonaws.com", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}}) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("the Authorization field names scope and signed fields") {
  const Fields fields = signed_fields({"GET", "examplebucket.s3.amazonaws.com", "/test.txt", {}, {{"Range", "bytes=0-9"}}}, documents, {}, friday, nothing);
  CHECK(fields.back().first == "Authorization");
  CHECK(fields.back().second ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_CASE("requests of the published suite are signed as it says") {
  CHECK(suite_signature({"GET", "example.amazonaws.com", "/", {}, {}}) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  CHECK(suite_signature({"GET", "example.amazonaws.com", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}}) ==
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  CHECK(suite_signature({"POST", "example.amazonaws.com", "/", {}, {}}) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_CASE("the query is sorted by its encoded names and values, and the path encoded once") {
  const std::string text = canonical_request({"GET", "h", "/vods/a b+c~é", {{"b", "2"}, {"a", "/"}, {"a", " "}, {"B", ""}}, {}}, nothing);
  CHECK(text == "GET\n/vods/a%20b%2Bc~%C3%A9\nB=&a=%20&a=%2F&b=2\nhost:h\n\nhost\n" + nothing);
}

TEST_CASE("fields are signed in lower case, by name, their spaces collapsed, several of a name as one") {
  const std::string text = canonical_request({"GET", "h", "/", {}, {{"X-B", "  a   b "}, {"My-A", "1"}, {"X-B", "c"}}}, nothing);
  CHECK(text == "GET\n/\n\nhost:h\nmy-a:1\nx-b:a b,c\n\nhost;my-a;x-b\n" + nothing);
}

TEST_CASE("a session token is sent and signed, and only where there is one") {
  Credentials with = documents;
  const Request request{"GET", "h", "/", {}, {}};
  CHECK(signed_fields(request, with, {}, friday, nothing).size() == 3);
  with.session_token = "token";
  const Fields fields = signed_fields(request, with, {}, friday, nothing);
  REQUIRE(fields.size() == 4);
  CHECK(fields[2] == std::pair<std::string, std::string>("X-Amz-Security-Token", "token"));
  CHECK(fields[3].second.find("x-amz-date;x-amz-security-token,") != std::string::npos);
}

TEST_CASE("dates are written without separators") { CHECK(amz_date(Wall(milliseconds(1'369'353'600'999))) == "20130524T000000Z"); }
