#pragma once
// Channels: a name, a title and the stream that is live in it. Its owner is the broadcaster.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice::store {

struct Channel {
  ChannelId id;
  std::string name;  // [a-z0-9_], 1–25 characters; its page is /NAME, its chat #NAME
  UserId owner;      // the broadcaster
  std::string owner_name;
  std::string owner_display_name;
  std::string title;                       // UTF-8, up to 140 characters
  std::int64_t version = 1;                // grows with every change of title (optimistic locking)
  std::optional<StreamId> current_stream;  // set exactly while live
  bool has_key = false;                    // a stream key has been made
  Wall created_at;

  bool live() const { return current_stream.has_value(); }
};

class Channels {
 public:
  virtual ~Channels() = default;
  // The owner's first channel has the owner's number: bots take room-id for the broadcaster's user id.
  // Errc::invalid for a bad name or title, Errc::exists when the name is taken, Errc::not_found for the
  // owner.
  virtual Result<Channel> add(std::string_view name, UserId owner, std::string_view title) = 0;
  virtual Result<Channel> by_name(std::string_view name) = 0;  // any capitals; Errc::not_found
  virtual Result<Channel> by_id(ChannelId id) = 0;             // Errc::not_found
  virtual Result<std::vector<Channel>> list() = 0;             // by name
  // Emits channel.update. With `version`, only when the channel is still at it: Errc::conflict otherwise,
  // naming the current version.
  virtual Result<Channel> set_title(ChannelId id, std::string_view title,
                                    std::optional<std::int64_t> version) = 0;
};

}  // namespace sluice::store
