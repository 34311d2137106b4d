#pragma once
// Members of an event's payload (sluice-events(5)). What is not there, or of another type, is empty.
#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "chat/types.hpp"

namespace sluice::chatd {

std::string text_of(const nlohmann::json& payload, const std::string& name);
std::int64_t number_of(const nlohmann::json& payload, const char* name, std::int64_t otherwise);
bool flag_of(const nlohmann::json& payload, const char* name);
chat::User user_of(const nlohmann::json& payload,
                   const std::string& prefix = "");  // "", "target_", "moderator_"

}  // namespace sluice::chatd
