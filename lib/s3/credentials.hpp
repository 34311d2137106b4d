#pragma once
// The keys that requests are signed with.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::s3 {

struct Credentials {
  std::string access_key, secret_key;
  std::string session_token;  // empty: none
  bool operator==(const Credentials&) const = default;
};

// A file of `name = value` lines as Amazon's tools have it: aws_access_key_id, aws_secret_access_key and, if there is one,
// aws_session_token; of several [sections] the one called default counts, or what stands before any. Errors never repeat a value.
Result<Credentials> parse_credentials(std::string_view text, std::string_view name_of_file);

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
Result<Credentials> credentials_from(const std::function<std::optional<std::string>(const std::string& variable)>& environment);

}  // namespace sluice::s3
