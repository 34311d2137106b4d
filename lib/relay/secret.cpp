#include "relay/secret.hpp"

#include <fmt/format.h>

namespace sluice::relay {

Result<Secret> Secret::of(std::string_view content) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = content.find_first_not_of(blanks);
  const std::string_view bare = first == std::string_view::npos ? "" : content.substr(first, content.find_last_not_of(blanks) - first + 1);
  if (bare.size() < shortest)
    return fail(Errc::config, fmt::format("the shared secret has fewer than {} characters", shortest), "make one: openssl rand -hex 32");
  return Secret(std::string(bare));
}

crypto::Sha256 Secret::seal(std::string_view text) const {
  return crypto::hmac_sha256(as_bytes(bytes_), as_bytes(fmt::format("sluice job entry 1\n{}", text)));
}

crypto::Sha256 Secret::proof(std::string_view who, std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const {
  Bytes said;
  ByteWriter(said).text("sluice job proof 1\n").text(who).text("\n").text(ticket).text("\n").bytes(worker).bytes(dispatcher);
  return crypto::hmac_sha256(as_bytes(bytes_), said);
}

crypto::Sha256 Secret::worker_proof(std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const {
  return proof("worker", ticket, worker, dispatcher);
}
crypto::Sha256 Secret::dispatcher_proof(std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const {
  return proof("dispatcher", ticket, worker, dispatcher);
}

}  // namespace sluice::relay
