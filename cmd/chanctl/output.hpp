#pragma once
// How chanctl prints: aligned columns for people, one JSON object a line with --json. Ids are texts in JSON.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "store/store.hpp"

namespace sluice::chanctl {

using Json = nlohmann::ordered_json;

Json json_of(const store::User& user);
Json json_of(const store::Channel& channel, const store::ChannelStatus& status);
Json json_of(const store::Token& token);
std::string state_of(const store::Token& token, Wall now);  // "good", "expired", "revoked"

void print_line(const std::string& text);
void print_json(const Json& object);
// The first row holds the headings.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace sluice::chanctl
