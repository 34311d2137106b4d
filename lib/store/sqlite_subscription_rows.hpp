#pragma once
// Subscriptions as rows, as what an idempotency key keeps, and in events.
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "store/sqlite_core.hpp"
#include "store/subscriptions.hpp"
#include "store/users.hpp"

namespace sluice::store {

// Of subscriptions s joined with channels c and users u.
std::string select_subscriptions(std::string_view rest);
Subscription subscription_of(sqlite::Statement& row);
Result<std::optional<Subscription>> find_subscription(sqlite::Database& db, ChannelId channel, UserId user);
Result<> put(Change& change, const Subscription& subscription);  // as it is now

nlohmann::json to_kept(const Subscription& subscription);
Result<Subscription> from_kept(const nlohmann::json& kept);  // Errc::io for what somebody else wrote

// A month more of `plan`, after `before` (none: there never was one): who pays starts it.
Subscription next_month(const std::optional<Subscription>& before, const Subscription& fresh, Wall now);

// Who pays is a founder while there are places. Within the transaction that keeps it.
Result<> make_founder(Change& change, Subscription& paid);

// user_*, and the color that the name has in chat.
void put_person(nlohmann::json& payload, std::string_view prefix, const User& user);
// tier, plan, months, streak, founder and expiry.
void put_plan(nlohmann::json& payload, const Subscription& subscription);
// channel.subscription.end, of who has expired or was cancelled ("reason").
Result<> tell_end(Change& change, const Subscription& subscription, std::string_view reason);

}  // namespace sluice::store
