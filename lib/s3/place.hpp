#pragma once
// Where objects are: a bucket with a prefix (s3://vods/2026), and the service that has it (an endpoint and a region). Pure.
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::s3 {

struct Place {
  std::string bucket;
  std::string prefix;  // without slashes at its ends; may be empty
  std::string text() const;                            // "s3://vods/2026"
  std::string key(std::string_view inside) const;      // of an object below the prefix: "2026/demo/k3x9/…"
  bool operator==(const Place&) const = default;
};

// "s3://BUCKET[/PREFIX]". Buckets are named as Amazon's rules have it (3 to 63 of a-z, 0-9, ".", "-"); prefixes are of letters, digits
// and !-_.*'()/ (Amazon's safe characters), without empty, "." or ".." pieces.
Result<Place> parse_place(std::string_view url);

// The service: where requests go, and which host they name.
struct Service {
  std::string scheme = "https";
  std::string host;        // "127.0.0.1:8080", "s3.eu-central-1.amazonaws.com"; lower case
  std::string region = "us-east-1";
  bool in_path = true;     // the bucket is the path's first piece, not a part of the host's name
  bool operator==(const Service&) const = default;
};

// `endpoint`: "http://HOST[:PORT]" or https, the bucket then in the path; empty: Amazon's own for the region, the bucket in the host's name.
Result<Service> parse_service(std::string_view endpoint, std::string_view region);

// What a request for one object names.
struct Target {
  std::string host, path;  // path: decoded, begins with "/"
  std::string url;         // with the path encoded
};
Target target_of(const Service& service, const Place& place, std::string_view key);

}  // namespace sluice::s3
