#pragma once
// AWS Signature Version 4 over request headers, as S3 wants it: the path encoded once and not normalised, the query sorted, the
// payload's SHA-256 in a header (docs.aws.amazon.com: "Create a signed AWS API request", "Authenticating Requests: Using the Authorization
// Header"). Pure: a request and a time in, header fields out.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "s3/credentials.hpp"

namespace sluice::s3 {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "PUT"
  std::string host;    // as the Host field has it
  std::string path;    // decoded; begins with "/"
  Fields query;        // decoded
  Fields headers;      // that are signed beside Host; names in any case
};

struct Scope {
  std::string region = "us-east-1";
  std::string service = "s3";
};

// `payload_hash`: SHA-256 in lower-case hex of what is sent, or "UNSIGNED-PAYLOAD".
std::string canonical_request(const Request& request, std::string_view payload_hash);
// The Authorization field's value. The request's headers hold X-Amz-Date already.
std::string authorization(const Request& request, const Credentials& credentials, const Scope& scope, Wall now, std::string_view payload_hash);

// The fields to send beside Host: the request's own, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token where there is a token, and
// Authorization. All but the last are signed.
Fields signed_fields(const Request& request, const Credentials& credentials, const Scope& scope, Wall now, std::string_view payload_hash);

std::string encoded_path(std::string_view path);  // all but A-Z a-z 0-9 - . _ ~ / as %XX
std::string amz_date(Wall at);                    // 20130524T000000Z

}  // namespace sluice::s3
