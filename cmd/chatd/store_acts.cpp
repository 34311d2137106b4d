#include "store_acts.hpp"

#include <algorithm>

namespace sluice::chatd {

namespace {
store::Role role_of(chat::Standing::Role role) {
  return role == chat::Standing::Role::moderator ? store::Role::moderator : store::Role::vip;
}
constexpr std::size_t most_held = 100, most_suspects = 100, most_bans = 100;  // told at once

chat::Held held_for_chat(const store::HeldMessage& message, const std::string& channel) {
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

void StoreActs::notes(ChannelId channel, std::string login,
                      std::function<void(Result<std::vector<chat::Noted>>)> answer) {
  const auto ask = [this, channel, login = std::move(login)]() -> Result<std::vector<chat::Noted>> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(login));
    SLUICE_TRY_VALUE(const std::vector<store::Note> all, store_.notes().about(channel, user.id));
    std::vector<chat::Noted> notes;
    for (const store::Note& note : all) notes.push_back({note.id.value(), note.by.name, note.text, note.at});
    std::ranges::reverse(notes);
    return notes;
  };
  offload_.run(ask, std::move(answer));
}

void StoreActs::remove_note(ChannelId channel, chat::By by, std::int64_t number,
                            std::function<void(Result<>)> answer) {
  const auto act = [this, channel, by = std::move(by), number]() -> Result<> {
    SLUICE_TRY(store_.notes().remove(channel, store::NoteId(number), actor_of(by)));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::bans(ChannelId channel, std::function<void(Result<std::vector<chat::Banned>>)> answer) {
  const auto ask = [this, channel]() -> Result<std::vector<chat::Banned>> {
    SLUICE_TRY_VALUE(const std::vector<store::Ban> all,
                     store_.bans().of_channel(channel, UserId(), most_bans));
    std::vector<chat::Banned> bans;
    for (const store::Ban& ban : all) bans.push_back({ban.user_name, ban.until, ban.reason});
    std::ranges::sort(bans, {}, &chat::Banned::login);
    return bans;
  };
  offload_.run(ask, std::move(answer));
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
                                                 removal.message->author.id, removal.reason,
                                                 actor_of(removal.by), removal.context));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::clear(ChannelId channel, chat::By by, std::string reason, std::string context,
                      std::function<void(Result<>)> answer) {
  const auto act = [this, channel, by = std::move(by), reason = std::move(reason),
                    context = std::move(context)]() -> Result<> {
    SLUICE_TRY(store_.deletions().clear(channel, reason, actor_of(by), context));
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

void StoreActs::change_automod(ChannelId channel, chat::By by, platform::AutomodPatch patch,
                               std::function<void(Result<chat::ChangedAutomod>)> answer) {
  const auto act = [this, channel, by = std::move(by), patch]() -> Result<chat::ChangedAutomod> {
    SLUICE_TRY_VALUE(auto changed, store_.rooms().change(channel, patch, actor_of(by)));
    return chat::ChangedAutomod{changed.before, changed.after};
  };
  run<chat::ChangedAutomod>(act, std::move(answer));
}

void StoreActs::change_evasion(ChannelId channel, chat::By by, platform::BanEvasion action,
                               std::function<void(Result<>)> answer) {
  const auto act = [this, channel, by = std::move(by), action]() -> Result<> {
    SLUICE_TRY(store_.rooms().change(channel, platform::EvasionPatch{action}, actor_of(by)));
    return {};
  };
  run<void>(act, std::move(answer));
}

void StoreActs::policy(ChannelId channel, std::function<void(Result<chat::RoomPolicy>)> answer) {
  const auto ask = [this, channel]() -> Result<chat::RoomPolicy> {
    chat::RoomPolicy policy;
    SLUICE_TRY_VALUE(policy.modes, store_.rooms().settings(channel));
    SLUICE_TRY_VALUE(policy.automod, store_.rooms().automod(channel));
    SLUICE_TRY_VALUE(policy.evasion, store_.rooms().evasion(channel));
    return policy;
  };
  offload_.run(ask, std::move(answer));
}

void StoreActs::rule(chat::Ruling ruling, std::function<void(Result<bool>)> answer) {
  const auto act = [this, ruling = std::move(ruling)]() -> Result<bool> {
    SLUICE_TRY_VALUE(const store::HeldMessage held, store_.held_messages().by_id(ruling.id));
    if (held.channel != ruling.channel) return fail(Errc::not_found, "another channel holds it");
    const auto verdict = ruling.allow ? store::HeldVerdict::allow : store::HeldVerdict::deny;
    SLUICE_TRY(store_.held_messages().decide(ruling.id, verdict, ruling.reason, actor_of(ruling.by)));
    if (!ruling.allow) return true;
    const auto ban = store_.bans().find(held.channel, held.user);
    return !(ban && *ban);  // it is decided, whether this can be read or not
  };
  run<bool>(act, std::move(answer));
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
    for (const store::HeldMessage& message : queue) held.push_back(held_for_chat(message, name));
    return held;
  };
  offload_.run(ask, std::move(answer));
}

}  // namespace sluice::chatd
