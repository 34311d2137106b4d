#include "chat/rate_limit.hpp"

#include <algorithm>
#include <utility>

namespace sluice::chat {

namespace {
constexpr std::chrono::minutes longest_slow_mode{2};

milliseconds up_to_ms(Steady::duration wait) {
  return std::chrono::ceil<milliseconds>(wait);
}
}  // namespace

void Window::forget(const Size& size, Steady now) {
  while (gone_ < taken_.size() && taken_[gone_] + size.length <= now) ++gone_;
  if (gone_ * 2 < taken_.size()) return;  // moving up costs no more than what has gone
  taken_.erase(taken_.begin(), taken_.begin() + static_cast<std::ptrdiff_t>(gone_));
  gone_ = 0;
}

std::uint32_t Window::remaining(const Size& size, Steady now) {
  forget(size, now);
  return size.places - std::min<std::uint32_t>(size.places, static_cast<std::uint32_t>(count()));
}

std::optional<Limited> Window::full(const Size& size, Steady now) {
  if (remaining(size, now) > 0) return std::nullopt;
  const Steady frees = taken_[taken_.size() - size.places] + size.length;
  return Limited{up_to_ms(frees - now), 0};
}

std::optional<Limited> Window::take(const Size& size, Steady now) {
  if (auto limited = full(size, now)) return limited;
  taken_.push_back(now);
  return std::nullopt;
}

void Window::add(const Size& size, Steady now) {
  forget(size, now);
  taken_.push_back(now);
}

bool Window::idle(const Size& size, Steady now) const {
  return taken_.empty() || taken_.back() + size.length <= now;
}

// The widest of those that the user has.
const Window::Size& SendLimits::window_of(const Roles& roles) const {
  const Window::Size* size = &rates_.regular;
  if (roles.bot && rates_.bot.places > size->places) size = &rates_.bot;
  if (roles.exempt() && rates_.exempt.places > size->places) size = &rates_.exempt;
  return *size;
}

SendTerms SendLimits::terms(const Roles& roles, seconds slow) const {
  SendTerms terms{.window = window_of(roles)};
  if (roles.exempt()) return terms;
  if (!roles.bot) terms.cooldown = roles.subscriber ? rates_.subscriber_cooldown : rates_.cooldown;
  terms.slow = roles.subscriber ? milliseconds(slow) / 2 : milliseconds(slow);
  terms.repeat = rates_.repeat;
  return terms;
}

std::optional<Limited> SendLimits::limited(UserId user, ChannelId channel, const Roles& roles, Steady now) {
  Window& window = windows_[user];
  const SendTerms terms = this->terms(roles, {});
  const Key key{user, channel};
  if (terms.cooldown.count() > 0) {
    const auto last = last_taken_.find(key);
    if (last != last_taken_.end() && last->second + terms.cooldown > now)
      return Limited{up_to_ms(last->second + terms.cooldown - now), window.remaining(terms.window, now)};
  }
  return window.full(terms.window, now);
}

std::optional<Limited> SendLimits::take(UserId user, ChannelId channel, const Roles& roles, Steady now) {
  if (auto limited = this->limited(user, channel, roles, now)) return limited;
  taken(user, channel, roles, now);
  return std::nullopt;
}

void SendLimits::taken(UserId user, ChannelId channel, const Roles& roles, Steady now) {
  windows_[user].add(window_of(roles), now);
  last_taken_[{user, channel}] = now;
}

std::optional<milliseconds> SendLimits::slow_wait(UserId user, ChannelId channel, const Roles& roles,
                                                  seconds slow, Steady now) const {
  const milliseconds pause = terms(roles, slow).slow;
  if (pause.count() == 0) return std::nullopt;
  const auto last = last_sent_.find({user, channel});
  if (last == last_sent_.end() || last->second.at + pause <= now) return std::nullopt;
  return up_to_ms(last->second.at + pause - now);
}

std::optional<milliseconds> SendLimits::repeat_wait(UserId user, ChannelId channel, const Roles& roles,
                                                    std::size_t text, Steady now) const {
  const milliseconds span = terms(roles, {}).repeat;
  const auto last = last_sent_.find({user, channel});
  if (span.count() == 0 || last == last_sent_.end() || last->second.text != text) return std::nullopt;
  if (last->second.at + span <= now) return std::nullopt;
  return up_to_ms(last->second.at + span - now);
}

std::optional<SendLimits::Sent> SendLimits::sent(UserId user, ChannelId channel, const Sent& message) {
  const auto [entry, first] = last_sent_.try_emplace({user, channel}, message);
  if (first) return std::nullopt;
  return std::exchange(entry->second, message);
}

bool SendLimits::take_back(UserId user, ChannelId channel, const Sent& message,
                           const std::optional<Sent>& before) {
  const auto entry = last_sent_.find({user, channel});
  if (entry == last_sent_.end()) return true;
  if (entry->second != message) return false;
  if (before) {
    entry->second = *before;
  } else {
    last_sent_.erase(entry);
  }
  return true;
}

milliseconds SendLimits::memory() const {
  return std::max<milliseconds>(longest_slow_mode, rates_.repeat);
}

void SendLimits::forget_idle(Steady now) {
  const Window::Size& longest = rates_.regular.length > rates_.exempt.length ? rates_.regular : rates_.exempt;
  const milliseconds longest_memory = memory();
  std::erase_if(windows_, [&](auto& entry) { return entry.second.idle(longest, now); });
  std::erase_if(last_taken_, [&](const auto& entry) { return entry.second + rates_.cooldown <= now; });
  std::erase_if(last_sent_, [&](const auto& entry) { return entry.second.at + longest_memory <= now; });
}

}  // namespace sluice::chat
