#pragma once
// How chanctl shows what the store has. Ids are texts in JSON.
#include <string>

#include "app/print.hpp"
#include "store/store.hpp"

namespace sluice::chanctl {

using app::Json;
using app::print_json;
using app::print_line;
using app::print_table;

Json json_of(const store::User& user);
Json json_of(const store::Channel& channel, const store::ChannelStatus& status);
Json json_of(const store::Token& token);
std::string state_of(const store::Token& token, Wall now);  // "good", "expired", "revoked"

}  // namespace sluice::chanctl
