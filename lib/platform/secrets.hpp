#pragma once
// Stream keys, tokens and tickets: 160 random bits as 32 characters of [a-z2-7] (some chat clients lower-case
// what they are given). Shown once; kept as crypto::secret_hash.
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"

namespace sluice::platform {

std::string new_secret(Random& random);

// The secret within what a client sent: surrounding blanks and IRC's "oauth:" are dropped.
std::string_view bare_secret(std::string_view sent);

// Its hash, as the store keeps it, of the bare secret.
std::string hash_of_secret(std::string_view sent);

// The phrase of an SRT publisher as libsrt takes it: 10 to 79 characters, no blanks. Errors: Errc::invalid.
Result<> check_srt_passphrase(std::string_view passphrase);

}  // namespace sluice::platform
