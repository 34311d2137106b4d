#pragma once
// Archive: what was said, in an SQLite file of its own (decision 16): written in batches behind the delivery,
// so the last moments before a crash may be missing, and nothing waits for it. Calls block: make them on one
// thread at a time (net::Offload).
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "chat/history.hpp"
#include "chat/recent_keys.hpp"
#include "chat/speakers.hpp"
#include "chat/types.hpp"
#include "chatlog/blocked.hpp"
#include "sqlite/database.hpp"

namespace sluice::chatlog {

// What moderation took off the screens: everything in the channel, or what `author` said, or one message.
struct TakenOff {
  ChannelId channel;
  UserId author{};          // 0: of everybody
  std::string message{};    // empty: not one alone
  Wall at{};                // what was said up to then
  std::int64_t cursor = 0;  // the event that told of it
};

struct Kept {
  chat::MessagePtr message;
  bool taken_off = false;  // to be shown to nobody
};

// A message whose sender gave it an idempotency key, which its id is made of.
struct Keyed {
  std::string id;
  chat::PublishedAs as;
};

struct Spoke {
  UserId user;
  chat::Speaker speaker;  // as the room would have it now
};

class Archive {
 public:
  // Opens or makes the file. Errors as sqlite::Database's.
  static Result<Archive> open(const std::string& path);

  Result<> append(
      std::span<const chat::MessagePtr> messages);  // one transaction; ids already kept are left as they are
  // What AutoMod blocked, in one transaction. How many were more than the bounds let be kept. Nothing else
  // here knows of them: they are no messages.
  Result<std::size_t> append(std::span<const Blocked> lines, const BlockedBounds& bounds = {});
  // The `count` messages of a channel that are last by their order, oldest first.
  Result<std::vector<Kept>> recent(ChannelId channel, std::size_t count);
  // How far each origin came in the channel: the last number of the `most` that spoke last, whether that is
  // kept or not.
  Result<chat::Seen> heads(ChannelId channel, std::size_t most);
  // Where anything was said at `since` or later.
  Result<std::vector<ChannelId>> spoken_in_since(Wall since);
  // What was said under a key at `since` or later, in any channel: the last `most`, oldest first.
  Result<std::vector<Keyed>> keyed_since(Wall since, std::size_t most);
  // None: it has none of that id in the channel.
  Result<std::optional<Kept>> find(ChannelId channel, std::string_view id);
  // Marks what was taken off. It stays: moderators ask for it later.
  Result<> take_off(const TakenOff& taken);
  Result<bool> holds(const std::string& message);  // by id, taken off or not
  // A number that this file's node has for ever, and no other.
  Result<std::int64_t> node();
  // Of several nodes that share the file each has a cursor of its own, which begins at the file's.
  Result<> name_cursor(const std::string& node);
  // The newest event whose doing is in here, of those that take_off() was told of; 0: none.
  Result<std::int64_t> cursor();
  Result<> set_cursor(std::int64_t cursor);  // what came before it took nothing more off
  // Who ever spoke in a channel, also in what is kept no longer.
  Result<std::vector<Spoke>> speakers(ChannelId channel, Wall now);
  // Up to `most` messages that were said before then, or blocked lines of before then; true when there may be
  // more of them. What is to be written meanwhile waits for one such piece, not for all.
  Result<bool> forget_before(Wall at, std::size_t most = 5000);

 private:
  explicit Archive(sqlite::Database database) : database_(std::move(database)) {}
  sqlite::Database database_;
  std::string cursor_ = "taken_off";
};

}  // namespace sluice::chatlog
