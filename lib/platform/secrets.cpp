#include "platform/secrets.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace sluice::platform {

std::string new_secret(Random& random) {
  return random_token(random, 160);
}

Result<> check_srt_passphrase(std::string_view passphrase) {
  constexpr std::size_t shortest = 10, longest = 79;
  if (passphrase.size() >= shortest && passphrase.size() <= longest &&
      std::ranges::none_of(passphrase, [](char c) { return static_cast<unsigned char>(c) < 0x21 || c == 0x7f; }))
    return {};
  return fail(Errc::invalid, "an SRT passphrase has 10 to 79 characters, none of them a blank");
}

std::string_view bare_secret(std::string_view sent) {
  sent = trim(sent);
  if (ascii_iequals(sent.substr(0, 6), "oauth:")) sent.remove_prefix(6);
  return sent;
}

std::string hash_of_secret(std::string_view sent) {
  return crypto::secret_hash(bare_secret(sent));
}

}  // namespace sluice::platform
