#include "store_acts.hpp"

#include <algorithm>

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
store::Actor actor_of(const chat::By& by) {
  return {by.user.id, by.user.login, by.address};
}

store::Role role_of(chat::Standing::Role role) {
  return role == chat::Standing::Role::moderator ? store::Role::moderator : store::Role::vip;
}
constexpr std::size_t most_held = 100, most_suspects = 100;  // told at once

chat::Held to_chat(const store::HeldMessage& message, const std::string& channel) {
  chat::Held held{.channel = channel,
                  .id = message.id,
                  .user = {message.user, message.user_name, message.user_display_name, {}},
                  .text = message.text,
                  .reason = message.reason,
                  .category = message.category,
                  .level = message.level,
                  .boundaries = {},
                  .at = message.held_at};
  for (const store::Boundary& boundary : message.boundaries)
    held.boundaries.push_back({boundary.first, boundary.last});
  return held;
}
}  // namespace

template <class T, class Act>
void StoreActs::run(Act act, std::function<void(Result<T>)> answer) {
  using Done = std::pair<Result<T>, store::Cursor>;
  offload_.run(
      [this, act = std::move(act)]() -> Done {
        Result<T> done = act();
        if (!done && (done.error().code == Errc::io || done.error().code == Errc::internal))
          log::error("the store could not do what a moderator asked for", {done.error()});
        const auto last = store_.events().last();
        return {std::move(done), last ? *last : store::Cursor()};
      },
      [this, answer = std::move(answer)](Done done) {
        if (!done.first || done.second <= heard_) return answer(std::move(done.first));
        waiting_.emplace(done.second, [answer, result = std::move(done.first)] { answer(result); });
      });
}

void StoreActs::heard(store::Cursor cursor) {
  heard_ = cursor;
  while (!waiting_.empty() && waiting_.begin()->first <= heard_) {
    const auto answer = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    answer();
  }
}

void StoreActs::ban(chat::Order order, std::optional<seconds> duration,
                    std::function<void(Result<>)> answer) {
  const auto act = [this, order = std::move(order), duration]() -> Result<> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    SLUICE_TRY(
        store_.bans().ban(order.channel, user.id, duration, order.reason, actor_of(order.by), order.context));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::unban(chat::Order order, std::function<void(Result<Lifted>)> answer) {
  const auto act = [this, order = std::move(order)]() -> Result<Lifted> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    const auto lifted = store_.bans().lift(order.channel, user.id, order.reason, actor_of(order.by));
    if (!lifted && lifted.error().code == Errc::not_found) return Lifted::nothing;
    if (!lifted) return std::unexpected(lifted.error());
    return lifted->until ? Lifted::timeout : Lifted::ban;
  };
  run<Lifted>(act, std::move(answer));
}

void StoreActs::grant(chat::Order order, chat::Standing::Role role,
                      std::function<void(Result<bool>)> answer) {
  const auto act = [this, order = std::move(order), role]() -> Result<bool> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    return store_.roles().grant(order.channel, user.id, role_of(role), actor_of(order.by), order.reason);
  };
  run<bool>(act, std::move(answer));
}

void StoreActs::revoke(chat::Order order, chat::Standing::Role role,
                       std::function<void(Result<bool>)> answer) {
  const auto act = [this, order = std::move(order), role]() -> Result<bool> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    return store_.roles().revoke(order.channel, user.id, role_of(role), actor_of(order.by), order.reason);
  };
  run<bool>(act, std::move(answer));
}

void StoreActs::note(chat::Order order, std::function<void(Result<>)> answer) {
  const auto act = [this, order = std::move(order)]() -> Result<> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    SLUICE_TRY(store_.notes().add(order.channel, user.id, order.reason, actor_of(order.by)));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::find_message(ChannelId channel, std::string id,
                             std::function<void(Result<chat::MessagePtr>)> answer) {
  const auto none = fail(Errc::not_found, "there is no such message");
  if (archivist_ == nullptr) return answer(none);
  archivist_->find(channel, std::move(id),
                   [answer = std::move(answer), none](Result<std::optional<chatlog::Kept>> kept) {
                     if (!kept) return answer(std::unexpected(kept.error()));
                     if (!*kept || (*kept)->taken_off) return answer(none);
                     answer((*kept)->message);
                   });
}

void StoreActs::remove_message(chat::Removal removal, std::function<void(Result<>)> answer) {
  const auto act = [this, removal = std::move(removal)]() -> Result<> {
    SLUICE_TRY(store_.deletions().delete_message(removal.channel, removal.message->id,
                                                 removal.message->author.id, {}, actor_of(removal.by),
                                                 removal.context));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::clear(ChannelId channel, chat::By by, std::string context,
                      std::function<void(Result<>)> answer) {
  const auto act = [this, channel, by = std::move(by), context = std::move(context)]() -> Result<> {
    SLUICE_TRY(store_.deletions().clear(channel, {}, actor_of(by), context));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::change_settings(ChannelId channel, chat::By by, platform::RoomSettingsPatch patch,
                                std::function<void(Result<chat::ChangedSettings>)> answer) {
  const auto act = [this, channel, by = std::move(by), patch]() -> Result<chat::ChangedSettings> {
    SLUICE_TRY_VALUE(auto changed, store_.rooms().change(channel, patch, actor_of(by)));
    return chat::ChangedSettings{changed.before, changed.after};
  };
  run<chat::ChangedSettings>(act, std::move(answer));
}

void StoreActs::rule(chat::Ruling ruling, std::function<void(Result<>)> answer) {
  const auto act = [this, ruling = std::move(ruling)]() -> Result<> {
    SLUICE_TRY_VALUE(const store::HeldMessage held, store_.held_messages().by_id(ruling.id));
    if (held.channel != ruling.channel) return fail(Errc::not_found, "another channel holds it");
    const auto verdict = ruling.allow ? store::HeldVerdict::allow : store::HeldVerdict::deny;
    SLUICE_TRY(store_.held_messages().decide(ruling.id, verdict, ruling.reason, actor_of(ruling.by)));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::suspects(const chat::Channel& channel,
                         std::function<void(Result<std::vector<chat::Suspect>>)> answer) {
  const auto ask = [this, id = channel.id]() -> Result<std::vector<chat::Suspect>> {
    SLUICE_TRY_VALUE(const std::vector<store::Evasion> all,
                     store_.evasions().of_channel(id, false, UserId(), most_suspects));
    std::vector<chat::Suspect> suspects;
    for (const store::Evasion& each : all)
      suspects.push_back({each.user_name, each.banned_name, std::string(each.evaluation()),
                          std::string(platform::name(each.matched))});
    std::ranges::sort(suspects, {}, &chat::Suspect::login);
    return suspects;
  };
  offload_.run(ask, std::move(answer));
}

void StoreActs::clear_suspect(chat::Order order, std::function<void(Result<bool>)> answer) {
  const auto act = [this, order = std::move(order)]() -> Result<bool> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(order.login));
    const auto cleared = store_.evasions().clear(order.channel, user.id, order.reason, actor_of(order.by));
    if (!cleared && cleared.error().code == Errc::not_found) return false;
    if (!cleared) return std::unexpected(cleared.error());
    return true;
  };
  run<bool>(act, std::move(answer));
}

void StoreActs::set_color(chat::By by, std::string color, std::function<void(Result<>)> answer) {
  const auto act = [this, by = std::move(by), color = std::move(color)]() -> Result<> {
    SLUICE_TRY(store_.users().set_color(by.user.id, color));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::held(const chat::Channel& channel,
                     std::function<void(Result<std::vector<chat::Held>>)> answer) {
  const auto ask = [this, id = channel.id, name = channel.name]() -> Result<std::vector<chat::Held>> {
    SLUICE_TRY_VALUE(const std::vector<store::HeldMessage> queue,
                     store_.held_messages().queue(id, 0, most_held));
    std::vector<chat::Held> held;
    for (const store::HeldMessage& message : queue) held.push_back(to_chat(message, name));
    return held;
  };
  offload_.run(ask, std::move(answer));
}

}  // namespace sluice::chatd
