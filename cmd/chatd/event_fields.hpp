#pragma once
// Fields of events' payloads (sluice-events(5)): what is missing, or is of another kind, is empty.
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "chat/types.hpp"

namespace sluice::chatd {

std::string text_of(const nlohmann::json& payload, const std::string& name);
std::int64_t number_of(const nlohmann::json& payload, const char* name, std::int64_t otherwise);
bool flag_of(const nlohmann::json& payload, const char* name);
// `prefix`: what stands before "user_id": "", "target_", "broadcaster_".
chat::User user_of(const nlohmann::json& payload, const std::string& prefix = "");

}  // namespace sluice::chatd
