#pragma once
// Idempotency keys within somebody else's change: what a request came to is kept with it, under its key.
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "store/sqlite_core.hpp"

namespace sluice::store {

// What the very same request came to before; nothing without a key, and for one that is new. Errc::conflict
// for a key that was another request's, Errc::invalid for one that is too long.
Result<std::optional<nlohmann::json>> earlier_answer(Change& change, std::string_view key,
                                                     std::string_view request);
Result<> keep_answer(Change& change, std::string_view key, std::string_view request,
                     const nlohmann::json& answer);

}  // namespace sluice::store
