#pragma once
// Bits within somebody else's change: of a message that is held back (sqlite_held_messages.cpp).
#include <string_view>

#include "store/bits.hpp"
#include "store/sqlite_core.hpp"

namespace sluice::store {

// Takes the bits off the balance until settle_cheer(). Nothing for a message that is paid already, and for
// who never had bits, whose cheer words are words. Errc::conflict for who has too few.
Result<> reserve_cheer(Change& change, const CheerOrder& order);
// What became of a message that was held, if it is a cheer: paid now, or given back.
Result<> settle_cheer(Change& change, std::string_view message_id, bool allowed, const Actor& actor);

}  // namespace sluice::store
