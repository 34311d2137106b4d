#pragma once
// What an S3 service answers when it does not do what it was asked: an XML document with a code and a message ("Error Responses" of the S3
// API reference). And what follows from it: try again, or tell somebody.
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::s3 {

struct Refusal {
  std::string code;     // "SignatureDoesNotMatch"; empty: the answer held none
  std::string message;  // one line
};

// Reads no more than the first 64 KB; markup and control characters do not come through, and nothing is longer than 300 bytes.
Refusal read_refusal(ByteView body);

// Whether the same request may succeed a moment later: the service was not reached (status 0), is busy, slow, or has a fault of its own.
bool passing(int status, std::string_view code);

// Whether the service takes no object like this one, and may take others.
bool of_one_object(int status, std::string_view code);

// The error to tell of a request that was refused: Errc::denied, not_found, unavailable or io, with what to do about it.
Error error_of(const std::string& what, int status, const Refusal& refusal);

}  // namespace sluice::s3
