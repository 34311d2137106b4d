#pragma once
// How chanctl shows what the store has. Ids are texts in JSON.
#include <string>

#include "app/options.hpp"
#include "app/print.hpp"
#include "store/store.hpp"

namespace sluice::chanctl {

using app::Json;
using app::print_json;
using app::print_line;
using app::print_table;

// The object with --json, else the text.
void tell(const app::Settings& settings, const Json& object, const std::string& text);

Json json_of(const store::User& user);
Json json_of(const store::Channel& channel, const store::ChannelStatus& status);
Json json_of(const store::Token& token);
Json json_of(const store::Emote& emote);
Json json_of(const store::EmoteGrant& grant);
std::string state_of(const store::Token& token, Wall now);  // "good", "expired", "revoked"

}  // namespace sluice::chanctl
