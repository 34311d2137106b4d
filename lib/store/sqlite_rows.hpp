#pragma once
// Rows that several themes read, with the columns they are made of.
#include <string>
#include <string_view>

#include "store/sqlite_core.hpp"
#include "store/streams.hpp"

namespace sluice::store {

// Of channels c joined with their owners u.
std::string select_channels(std::string_view rest);
Channel channel_of(sqlite::Statement& row);

// Of streams s joined with channels c. The first argument (?1) is counted_since(now).
std::string select_streams(std::string_view rest);
Stream stream_of(sqlite::Statement& row);

// Of live streams, as both.
std::string select_live(std::string_view rest);
LiveChannel live_channel_of(sqlite::Statement& row);

// Viewer counts reported before this are forgotten.
std::int64_t counted_since(Wall now);

}  // namespace sluice::store
