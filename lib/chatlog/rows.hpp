#pragma once
// Rows of the archive's file, for those that read or write them.
#include <string>
#include <string_view>

#include "chat/types.hpp"
#include "sqlite/database.hpp"

namespace sluice::chatlog {

// What message_at() reads, from the same column on.
inline constexpr std::string_view message_columns =
    "id, channel_id, channel_name, origin, seq, at_ms, user_id, login, text, more";
inline constexpr int message_width = 10;
chat::Message message_at(const sqlite::Statement& row, int column);

inline std::int64_t ms(Wall at) { return at.time_since_epoch().count(); }  // as columns have it

std::string more_of(const chat::Message& message);                // what queries do not ask for, as JSON
void read_more(const std::string& text, chat::Message& message);  // the column `more`, which is JSON

}  // namespace sluice::chatlog
