#pragma once
// The platform that modctl works on, who acts in it, and what they may.
#include <memory>
#include <string>

#include "app/options.hpp"
#include "base/result.hpp"
#include "bus/bus.hpp"
#include "chatlog/reader.hpp"
#include "store/store.hpp"

namespace sluice::modctl {

constexpr std::size_t page = 1000;  // rows asked of the store or of the chat log at a time

struct Platform {
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<store::Store> store;  // its events nudge the bus
  store::Actor actor;                   // of no user: who runs modctl, who may everything
  std::string history;                  // path of the chat log; empty: none
};

// Errc::not_found where there is no platform, Errc::not_found for an unknown --as.
Result<Platform> open_platform(const app::Settings& settings);

// With the hint that a person at a shell needs.
Result<store::User> named_user(Platform& platform, const std::string& name);
Result<store::Channel> named_channel(Platform& platform, const std::string& name);

// The chat log; none where there is no file, or where none is wanted.
Result<std::optional<chatlog::Reader>> open_history(const Platform& platform);

// The channel, where the actor may do what `needed` says in it. Errc::denied otherwise.
enum class Needed { moderator, broadcaster };
Result<store::Channel> channel_to_act_in(Platform& platform, const std::string& name, Needed needed);
// A moderator acts upon neither the broadcaster nor another moderator, as in chat. Errc::denied.
Result<> check_may_act_on(Platform& platform, const store::Channel& channel, const store::User& target);

// Message ids are up to 64 printable characters of ASCII, without blanks. Errc::invalid.
Result<> check_message_id(const std::string& id);

// A moment as --since and --until have it: RFC 3339, or how long ago.
Result<std::optional<Wall>> moment(const app::Settings& settings, std::string_view option);

}  // namespace sluice::modctl
