#pragma once
// Idempotency keys: the first caller's result is kept, and everybody who repeats the key gets that one.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::store {

inline constexpr std::chrono::hours idempotency_lifetime{24};

class Idempotency {
 public:
  virtual ~Idempotency() = default;
  // Keeps `result` under `key` unless a result is there already. Whichever is kept is returned.
  struct Kept {
    std::string result;
    bool first = false;
  };
  virtual Result<Kept> keep(std::string_view key, std::string_view result,
                            std::chrono::milliseconds lifetime = idempotency_lifetime) = 0;
  virtual Result<std::optional<std::string>> find(std::string_view key) = 0;
};

}  // namespace sluice::store
