#pragma once
// Follows: who follows which channel, and since when. Whoever reads after a call has returned sees what it
// did.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice::store {

struct Follow {
  ChannelId channel;
  std::string channel_name;
  UserId user;
  std::string user_name;
  std::string user_display_name;
  Wall since;
};

// Where a page of followers begins: behind this one.
struct FollowPlace {
  Wall since;
  UserId user;
};

class Follows {
 public:
  virtual ~Follows() = default;
  // True when something changed, which emits channel.follow or channel.unfollow. Errc::not_found for the
  // channel or user; of follow(), Errc::invalid for the broadcaster.
  virtual Result<bool> follow(ChannelId channel, UserId user) = 0;
  virtual Result<bool> unfollow(ChannelId channel, UserId user) = 0;
  virtual Result<std::optional<Wall>> since(ChannelId channel, UserId user) = 0;
  // The newest first.
  virtual Result<std::vector<Follow>> of_channel(ChannelId channel, const std::optional<FollowPlace>& behind,
                                                 std::size_t limit) = 0;
  virtual Result<std::vector<Follow>> of_user(UserId user) = 0;  // by the channels' names
  virtual Result<std::int64_t> count(ChannelId channel) = 0;
};

}  // namespace sluice::store
