#pragma once
// Secret: what dispatchers and workers of one platform share, and what is proven with it. Each use has words of its own in front, so that
// no proof can serve as another.
#include <array>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/digest.hpp"

namespace sluice::relay {

using Challenge = std::array<std::byte, 32>;

class Secret {
 public:
  static constexpr std::size_t shortest = 16;  // bytes
  // The content of its file; blanks and line ends around it do not count. Errc::config.
  static Result<Secret> of(std::string_view content);

  crypto::Sha256 seal(std::string_view text) const;  // of a job's entry
  crypto::Sha256 worker_proof(std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const;
  crypto::Sha256 dispatcher_proof(std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const;

 private:
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  crypto::Sha256 proof(std::string_view who, std::string_view ticket, const Challenge& worker, const Challenge& dispatcher) const;
  std::string bytes_;
};

}  // namespace sluice::relay
