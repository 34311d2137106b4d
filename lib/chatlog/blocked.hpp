#pragma once
// Lines that AutoMod blocked, in the archive's file beside what was said: never said, shown to nobody, kept
// so that modctl can tell what another policy would have let through and what a ban was for.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "chat/automod_lines.hpp"
#include "chat/types.hpp"
#include "sqlite/database.hpp"

namespace sluice::chatlog {

struct Blocked {
  chat::Message
      message;  // without origin and number; `at`: when it was blocked, `roles`: as it was judged with
  chat::AutomodVerdict verdict;
  std::int64_t number = 0;  // grows in the order of keeping, within the channel; given by the archive
};
// Without what only a page would draw, so that a row stays small whatever was typed.
Blocked blocked_line(const chat::Message& line, const chat::AutomodVerdict& verdict, Wall at);

// Who says nothing but what is blocked fills no disk: a row has at most 5 KB, so at these bounds a user makes
// 0.5 MB an hour and a channel's never are more than 500 MB (of ordinary lines, 50).
struct BlockedBounds {
  std::size_t of_user = 100;  // in a channel, within `span`; more are not kept
  std::chrono::hours span{1};
  std::size_t of_channel = 100'000;  // of more the oldest go
};

// Makes the table where the file is older than it. Several nodes may open one file at once.
Result<> make_blocked(sqlite::Database& database);
// Within the caller's transaction. How many were too many to be kept; the same text under the same id, as of
// a page that sends again what it had no answer to, is one line and counts for nothing.
Result<std::size_t> insert_blocked(sqlite::Database& database, std::span<const Blocked> lines,
                                   const BlockedBounds& bounds);
// Up to `most` that were blocked before then; true when there may be more.
Result<bool> forget_blocked(sqlite::Database& database, Wall before, std::size_t most);

// Which are asked for: at `from` or later and before `until`, beyond number `after`.
struct BlockedFilter {
  ChannelId channel;
  UserId user{};  // 0: everybody's
  Wall from = Wall(milliseconds(0)), until = Wall::max();
  std::int64_t after = 0;
};
// In the order of keeping.
Result<std::vector<Blocked>> select_blocked(sqlite::Database& database, const BlockedFilter& filter,
                                            std::size_t limit);

}  // namespace sluice::chatlog
