#pragma once
// A cheer's life within a change: its bits are taken, or put aside while a moderator looks at the message;
// they become the channel's, or are given back.
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/bits.hpp"
#include "store/held_messages.hpp"
#include "store/sqlite_core.hpp"

namespace sluice::store {

Result<std::optional<std::int64_t>> balance_of(sqlite::Database& db, UserId user);  // none: never had bits
Result<> add_to_balance(Change& change, UserId user, std::int64_t bits);
// That the user has cheered with in the channel, what was anonymous left out.
Result<std::int64_t> total_of(sqlite::Database& db, ChannelId channel, UserId user);

Result<Cheer> cheer_by_message(sqlite::Database& db, std::string_view id);  // Errc::not_found
Result<std::optional<Cheer>> known_cheer(sqlite::Database& db, std::string_view id);

// 1 to platform::most_bits, or Errc::invalid.
Result<std::int64_t> bits_in(std::string_view text);
// Errors as Bits::cheer's. `order.text` is clean.
Result<Cheer> pay_cheer(Change& change, const CheerOrder& order, const Actor& actor, std::string_view key);
// True when this gave the bits back, and not one before.
Result<bool> return_cheer(Change& change, const Cheer& cheer, std::string_view reason, const Actor& actor);

// Of a message that is held (sqlite_held_messages.cpp): takes the bits off the balance until settle_cheer().
// Nothing for a message that is paid already, and for who never had bits, whose cheer words are words.
// Errc::conflict for who has too few, and for who never had any and was to be anonymous.
Result<> reserve_cheer(Change& change, const CheerOrder& order);
// What became of a message that was held, if it is a cheer: paid now, or given back.
Result<> settle_cheer(Change& change, const HeldMessage& message, bool allowed, const Actor& actor);

}  // namespace sluice::store
