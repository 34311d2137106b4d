#pragma once
// Rate limits: a window (so many in so long) and a cooldown (a pause after each). Looking and taking are one
// step, so two senders cannot both take the last place.
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

struct Limited {
  milliseconds retry_after{0};
  std::uint32_t remaining = 0;  // places left in the window
};

// At most `places` in any span of `length`. What has left the span is forgotten without looking at the rest.
class Window {
 public:
  struct Size {
    std::uint32_t places = 20;
    milliseconds length{30'000};
    bool operator==(const Size&) const = default;
  };
  // nullopt: a place was taken.
  std::optional<Limited> take(const Size& size, Steady now);
  std::optional<Limited> full(const Size& size, Steady now);  // as take(), and takes nothing
  void add(const Size& size, Steady now);  // whether there is one or not: somebody else has allowed it
  std::uint32_t remaining(const Size& size, Steady now);
  bool idle(const Size& size, Steady now) const;  // nothing within the window

 private:
  void forget(const Size& size, Steady now);
  std::size_t count() const { return taken_.size() - gone_; }
  std::vector<Steady> taken_;  // oldest first; a vector, since most windows stay empty and a deque never is
  std::size_t gone_ = 0;       // of them, the first: forgotten, and not moved up yet
};

// A window for each of many: users, addresses.
template <class Key>
class Windows {
 public:
  std::optional<Limited> take(const Key& key, const Window::Size& size, Steady now) {
    return windows_[key].take(size, now);
  }
  void forget_idle(const Window::Size& size, Steady now) {
    std::erase_if(windows_, [&](const auto& entry) { return entry.second.idle(size, now); });
  }
  std::size_t size() const { return windows_.size(); }

 private:
  std::unordered_map<Key, Window> windows_;
};

// What binds one message: of whom it is, and of the room. Zero: nothing of the kind.
struct SendTerms {
  Window::Size window;       // over all rooms
  milliseconds cooldown{0};  // between messages of its author in the room
  milliseconds slow{0};      // the same, by the room's slow mode: between those that were published
  milliseconds repeat{0};    // in which the last of those may not be said again
  bool operator==(const SendTerms&) const = default;
};

// How fast a user may send: windows count over all rooms, cooldowns in each room.
class SendLimits {
 public:
  struct Rates {
    Window::Size regular{20, milliseconds(30'000)};
    Window::Size exempt{100, milliseconds(30'000)};  // broadcaster, moderators, VIPs
    Window::Size bot{50, milliseconds(30'000)};      // verified bots, which have no cooldown
    milliseconds cooldown{1000};
    milliseconds subscriber_cooldown{500};
    milliseconds repeat{30'000};  // in which a user may not say in a room what it said there last; 0: off
  };
  explicit SendLimits(Rates rates) : rates_(rates) {}
  void change(const Rates& rates) { rates_ = rates; }  // what was sent before counts on
  const Rates& rates() const { return rates_; }
  // `slow` is the room's slow mode, halved for subscribers; it, the cooldown and repeats do not bind
  // moderators and VIPs, and the cooldown no bots.
  SendTerms terms(const Roles& roles, seconds slow) const;

  // Takes a place, or says when to try again.
  std::optional<Limited> take(UserId user, ChannelId channel, const Roles& roles, Steady now);
  // As take(), and takes nothing.
  std::optional<Limited> limited(UserId user, ChannelId channel, const Roles& roles, Steady now);
  // How long the room's slow mode still binds the user.
  std::optional<milliseconds> slow_wait(UserId user, ChannelId channel, const Roles& roles, seconds slow,
                                        Steady now) const;
  // How long the user may not say the same again there: `text` is the hash of what it would say.
  std::optional<milliseconds> repeat_wait(UserId user, ChannelId channel, const Roles& roles,
                                          std::size_t text, Steady now) const;
  // As take(), whatever it would say: who keeps the limits for several nodes has allowed it.
  void taken(UserId user, ChannelId channel, const Roles& roles, Steady now);
  struct Sent {
    Steady at;
    std::size_t text = 0;
    bool operator==(const Sent&) const = default;
  };
  // A message goes its way. What counted before it, if anything.
  std::optional<Sent> sent(UserId user, ChannelId channel, const Sent& message);
  // It was not published after all: what counted before it counts again. False: a newer one counts.
  bool take_back(UserId user, ChannelId channel, const Sent& message, const std::optional<Sent>& before);
  milliseconds memory() const;   // how long what was sent binds at most
  void forget_idle(Steady now);  // now and then, to give memory back

 private:
  const Window::Size& window_of(const Roles& roles) const;
  struct Key {
    UserId user;
    ChannelId channel;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::int64_t>{}(key.user.value() * 0x9e3779b97f4a7c15 + key.channel.value());
    }
  };
  Rates rates_;
  std::unordered_map<UserId, Window> windows_;
  std::unordered_map<Key, Steady, KeyHash> last_taken_;
  std::unordered_map<Key, Sent, KeyHash> last_sent_;
};

}  // namespace sluice::chat
