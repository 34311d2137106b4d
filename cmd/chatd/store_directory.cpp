#include "store_directory.hpp"

#include <memory>

#include "past.hpp"

namespace sluice::chatd {

chat::User to_chat(const store::User& user) {
  return {user.id, user.name, user.display_name, user.color, user.bot};
}

namespace {
constexpr std::size_t bans_at_once = 1000;
constexpr std::size_t followers_at_once = 10'000;

Result<chat::Identity> to_identity(const Result<store::Bearer>& bearer) {
  if (!bearer) return std::unexpected(bearer.error());
  const bool writes = bearer->may(platform::Scope::chat_edit);
  if (!writes && !bearer->may(platform::Scope::chat_read))
    return fail(Errc::denied, "the token does not allow chat");
  return chat::Identity{to_chat(bearer->user), writes, chat::TokenId(bearer->token.id.value()),
                        bearer->token.expires_at};
}
}  // namespace

chat::Channel to_chat(const store::Channel& channel) {
  return {channel.id, channel.name, channel.owner, channel.owner_name};
}

void StoreDirectory::find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) {
  offload_.run([this, token = std::move(token)] { return to_identity(store_.credentials().bearer(token)); },
               std::move(answer));
}

void StoreDirectory::find_user(std::string login, std::function<void(Result<chat::User>)> answer) {
  const auto ask = [this, login = std::move(login)]() -> Result<chat::User> {
    SLUICE_TRY_VALUE(const store::User user, store_.users().by_name(login));
    return to_chat(user);
  };
  offload_.run(ask, std::move(answer));
}

void StoreDirectory::redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) {
  offload_.run(
      [this, ticket = std::move(ticket)] { return to_identity(store_.credentials().swap_ticket(ticket)); },
      std::move(answer));
}

namespace {
Result<> read_followers(store::Store& store, ChannelId channel, chat::Standing& standing) {
  for (std::optional<store::FollowPlace> behind;;) {
    SLUICE_TRY_VALUE(const std::vector<store::Follow> follows,
                     store.follows().of_channel(channel, behind, followers_at_once));
    for (const store::Follow& follow : follows) standing.follow(follow.user, follow.since);
    if (follows.size() < followers_at_once) return {};
    behind = {follows.back().since, follows.back().user};
  }
}
}  // namespace

Result<chat::Standing> read_standing(store::Store& store, ChannelId channel) {
  chat::Standing standing;
  SLUICE_TRY(read_followers(store, channel, standing));
  SLUICE_TRY_VALUE(standing.settings, store.rooms().settings(channel));
  SLUICE_TRY_VALUE(const platform::EvasionSettings evasion, store.rooms().evasion(channel));
  standing.evasion = evasion.action;
  SLUICE_TRY_VALUE(const std::vector<store::RoleHolder> holders, store.roles().of_channel(channel));
  for (const store::RoleHolder& holder : holders)
    standing.grant(
        holder.role == store::Role::moderator ? chat::Standing::Role::moderator : chat::Standing::Role::vip,
        holder.user, holder.user_name);
  for (UserId after{};;) {
    SLUICE_TRY_VALUE(const std::vector<store::Ban> bans,
                     store.bans().of_channel(channel, after, bans_at_once));
    for (const store::Ban& ban : bans) standing.ban(ban.user, {ban.user_name, ban.until});
    if (bans.size() < bans_at_once) return standing;
    after = bans.back().user;
  }
}

void StoreDirectory::find_channel(std::string name, Answer answer) {
  if (chat::Room* room = rooms_.find(name)) {
    room->expect_somebody();
    return recall_.speakers(room->channel().id,
                            [this, name, channel = room->channel(), answer = std::move(answer)]() mutable {
                              chat::Room* still = rooms_.find(name);
                              if (still == nullptr)
                                return find_channel(std::move(name), std::move(answer));  // it took that long
                              still->expect_somebody();
                              answer(channel);
                            });
  }
  const auto [waiting, first] = opening_.try_emplace(name);
  waiting->second.push_back(std::move(answer));
  if (first) open(name);
}

void StoreDirectory::open(const std::string& name) {
  const auto ask = [this, name]() -> Result<chat::Channel> {
    SLUICE_TRY_VALUE(const store::Channel channel, store_.channels().by_name(name));
    return to_chat(channel);
  };
  offload_.run(ask, [this, name](const Result<chat::Channel>& channel) {
    if (!channel) return opened(name, channel);
    rooms_.expect(*channel);  // from now on it hears what is taken off of what the archive is asked for
    recall_.past(channel->id, [this, name, channel = *channel](const chatlog::RoomPast* past) {
      stand(name, channel, past == nullptr ? nullptr : std::make_shared<const chatlog::RoomPast>(*past));
    });
  });
}

namespace {
struct Found {
  chat::Standing standing;
  store::Cursor read_at;  // every event up to it is in there
};
}  // namespace

void StoreDirectory::stand(const std::string& name, const chat::Channel& channel,
                           std::shared_ptr<const chatlog::RoomPast> past) {
  const auto ask = [this, id = channel.id]() -> Result<Found> {
    Found found;
    SLUICE_TRY_VALUE(found.read_at, store_.events().last());
    SLUICE_TRY_VALUE(found.standing, read_standing(store_, id));
    return found;
  };
  offload_.run(ask, [this, name, channel, past](Result<Found> found) {
    if (!found) return opened(name, std::unexpected(found.error()));
    if (rooms_.find(channel.name) == nullptr) {
      // What an event that came meanwhile changed is out of date.
      if (news_.last_of(channel.id) > found->read_at) return stand(name, channel, past);
      chat::Room& room = rooms_.open(channel);
      room.standing().replace(std::move(found->standing));
      if (past) fill(room, path_, *past);
    }
    opened(name, channel);
  });
}

void StoreDirectory::opened(const std::string& name, const Result<chat::Channel>& channel) {
  auto waiting = opening_.extract(name);
  for (const Answer& answer : waiting.mapped()) answer(channel);
}

void StoreDirectory::find_spoken_in(ChannelId channel, std::function<void(chat::Room*)> answer) {
  recall_.has_past(channel, [this, channel, answer = std::move(answer)](bool has) mutable {
    if (!has) return answer(nullptr);
    offload_.run([this, channel] { return store_.channels().by_id(channel); },
                 [this, channel, answer = std::move(answer)](const Result<store::Channel>& found) {
                   if (!found && found.error().code == Errc::not_found) answer(nullptr);
                   if (!found) return;
                   find_channel(found->name, [this, channel, answer](const Result<chat::Channel>&) {
                     if (chat::Room* room = rooms_.find(channel)) answer(room);
                   });
                 });
  });
}

}  // namespace sluice::chatd
