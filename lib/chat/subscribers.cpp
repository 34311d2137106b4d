#include "chat/subscribers.hpp"

#include <algorithm>

namespace sluice::chat {

void Subscribers::put(UserId user, const Support& support) {
  ++changes_;
  auto& all = supports_[user];
  const auto place = std::ranges::lower_bound(all, support.channel, {}, &Support::channel);
  if (place != all.end() && place->channel == support.channel) {
    *place = support;
  } else {
    all.insert(place, support);
  }
}

void Subscribers::end(UserId user, ChannelId channel) {
  const auto of = supports_.find(user);
  if (of == supports_.end()) return;
  ++changes_;
  std::erase_if(of->second, [&](const Support& support) { return support.channel == channel; });
  if (of->second.empty()) supports_.erase(of);
}

const Support* Subscribers::find(UserId user, ChannelId channel) const {
  const auto all = of(user);
  const auto place = std::ranges::lower_bound(all, channel, {}, &Support::channel);
  return place == all.end() || place->channel != channel ? nullptr : &*place;
}

std::span<const Support> Subscribers::of(UserId user) const {
  const auto found = supports_.find(user);
  return found == supports_.end() ? std::span<const Support>() : std::span<const Support>(found->second);
}

void Subscribers::forget_lapsed(Wall now) {
  for (auto of = supports_.begin(); of != supports_.end();) {
    changes_ += std::erase_if(of->second, [&](const Support& support) { return support.until <= now; });
    of = of->second.empty() ? supports_.erase(of) : std::next(of);
  }
}

}  // namespace sluice::chat
