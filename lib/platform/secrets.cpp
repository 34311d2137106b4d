#include "platform/secrets.hpp"

#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace sluice::platform {

std::string new_secret(Random& random) {
  return random_token(random, 160);
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
