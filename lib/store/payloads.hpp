#pragma once
// The payloads of events (sluice-events(5)): field names as EventSub has them where it has them, ids as
// texts.
#include <nlohmann/json_fwd.hpp>

#include "store/channels.hpp"
#include "store/credentials.hpp"
#include "store/streams.hpp"

namespace sluice::store {

nlohmann::json broadcaster_payload(const Channel& channel);  // the channel's name and whose it is
// …and by whom: what moderators' acts have.
nlohmann::json act_payload(const Channel& channel, const User& actor);
// Adds PREFIXuser_id, PREFIXuser_login and PREFIXuser_name; the id of nobody is empty.
void put_user(nlohmann::json& payload, std::string_view prefix, const User& user);
nlohmann::json channel_payload(const Channel& channel);
nlohmann::json online_payload(const Channel& channel, const Stream& stream);
nlohmann::json offline_payload(const Channel& channel, const Stream& stream);
nlohmann::json token_payload(const Token& token);

// On one line, whatever bytes the texts hold.
std::string one_line(const nlohmann::json& value);
// A JSON object that somebody else wrote, on one line with its fields in their order; Errc::invalid for
// anything else.
Result<std::string> one_line_object(std::string_view text);

}  // namespace sluice::store
