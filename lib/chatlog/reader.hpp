#pragma once
// Reader: the archive's file for those who only look, while chatd writes it or not: nothing is made or
// changed.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "chat/types.hpp"
#include "chatlog/blocked.hpp"
#include "sqlite/database.hpp"

namespace sluice::chatlog {

struct Said {
  chat::Message message;
  std::int64_t row = 0;              // grows in the order of keeping
  std::optional<Wall> taken_off_at;  // by a moderator: shown to nobody since
};

class Reader {
 public:
  // Errc::not_found where there is no such file, Errc::invalid where it is no chat log; else as
  // sqlite::Database.
  static Result<Reader> open(const std::string& path);

  Result<std::optional<Said>> find(ChannelId channel, std::string_view id);
  // At `from` or later and before `until`, beyond `row` (0: from the first), in the order of keeping.
  Result<std::vector<Said>> between(ChannelId channel, std::optional<Wall> from, std::optional<Wall> until,
                                    std::int64_t row, std::size_t limit);
  // The last `count` at `at` or before; and the first `count` later than that. Oldest first.
  Result<std::vector<Said>> until(ChannelId channel, Wall at, std::size_t count);
  Result<std::vector<Said>> after(ChannelId channel, Wall at, std::size_t count);
  // What AutoMod blocked; nothing in a file of before these were kept.
  Result<std::vector<Blocked>> blocked(const BlockedFilter& filter, std::size_t limit);

 private:
  Reader(sqlite::Database database, bool knows_taken_off, bool knows_blocked)
      : database_(std::move(database)), knows_taken_off_(knows_taken_off), knows_blocked_(knows_blocked) {}
  std::string select(std::string_view rest) const;

  sqlite::Database database_;
  bool knows_taken_off_;  // older files have no such column
  bool knows_blocked_;    // and no such table
};

}  // namespace sluice::chatlog
