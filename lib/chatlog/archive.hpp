#pragma once
// Archive: what was said, in an SQLite file of its own (decision 16): written in batches behind the delivery,
// so the last moments before a crash may be missing, and nothing waits for it. Calls block: make them on one
// thread at a time (net::Offload).
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chat/types.hpp"
#include "sqlite/database.hpp"

namespace sluice::chatlog {

class Archive {
 public:
  // Opens or makes the file. Errors as sqlite::Database's.
  static Result<Archive> open(const std::string& path);

  Result<> append(
      std::span<const chat::MessagePtr> messages);  // one transaction; ids already kept are left as they are
  // The last `count` messages of a channel, oldest first.
  Result<std::vector<chat::MessagePtr>> recent(ChannelId channel, std::size_t count);
  // Who ever spoke in a channel, also in what is kept no longer.
  Result<std::vector<UserId>> speakers(ChannelId channel);
  Result<> forget_before(Wall at);

 private:
  explicit Archive(sqlite::Database database) : database_(std::move(database)) {}
  sqlite::Database database_;
};

}  // namespace sluice::chatlog
