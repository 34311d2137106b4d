#include "chat/evasion.hpp"

#include <algorithm>
#include <utility>

#include "chat/client.hpp"

namespace sluice::chat {

namespace {
using platform::BanEvasion;

constexpr std::chrono::hours good_for{1};  // what was looked up, and what the desk was told
constexpr seconds retry_after{10};         // when the store did not answer
}  // namespace

EvasionGate::Known& EvasionGate::known(UserId user, ChannelId channel) {
  std::vector<Known>& all = known_[user];
  const auto found = std::ranges::find(all, channel, &Known::channel);
  return found != all.end() ? *found : all.emplace_back(Known{.channel = channel});
}

std::vector<Origin> EvasionGate::origins_of(UserId user) const {
  std::vector<Origin> from;
  switchboard_.each(user, [&](Client& client) {
    Origin origin = client.origin();
    if (std::ranges::find(from, origin) == from.end()) from.push_back(std::move(origin));
  });
  return from;
}

void EvasionGate::ask(const Room& room, const Message& line, Then then) {
  const Standing& standing = room.standing();
  if (standing.evasion == BanEvasion::off || line.roles.exempt()) return then(std::nullopt);
  const UserId user = line.author.id;
  const Steady now = clock_.steady();
  Known& here = known(user, line.channel);
  if (here.seen_until <= now) {
    here.seen_until = now + good_for;
    desk_.saw(line.channel, user, origins_of(user));
  }
  if (!standing.bans_for_ever()) return then(std::nullopt);
  find_out(room, user, [this, &room, &line, then = std::move(then)](bool flagged) {
    if (!flagged || room.standing().evasion != BanEvasion::hold) return then(std::nullopt);
    desk_.hold(line, then);
  });
}

// Of who is banned it is noted where they come from now: it is where they will come from under another name.
void EvasionGate::entered(const Room& room, const User& user) {
  const Standing& standing = room.standing();
  if (user.id.value() == 0 || standing.evasion == BanEvasion::off || !standing.bans_for_ever()) return;
  if (room.roles_of(user).exempt()) return;
  if (standing.ban_of(user.id, clock_.wall()) != nullptr)
    return desk_.saw(room.channel().id, user.id, origins_of(user.id));
  find_out(room, user.id, [](bool) {});
}

void EvasionGate::connected(UserId user) {
  const auto found = known_.find(user);
  if (found == known_.end()) return;
  for (Known& known : found->second) {
    known.seen_until = Steady{};
    make_stale(known);
  }
}

void EvasionGate::flag_changed(ChannelId channel, UserId user) {
  const auto found = known_.find(user);
  if (found == known_.end()) return;
  for (Known& known : found->second)
    if (known.channel == channel) make_stale(known);
}

void EvasionGate::make_stale(Known& known) {
  known.looked_until = Steady{};
  known.anew = known.asking;
}

void EvasionGate::find_out(const Room& room, UserId user, Answer answer) {
  const ChannelId channel = room.channel().id;
  Known& here = known(user, channel);
  const std::uint64_t bans = std::exchange(here.bans, room.standing().ban_changes());
  if (bans != here.bans) make_stale(here);
  if (!here.asking && here.looked_until > clock_.steady()) return answer(here.flagged);
  here.waiting.push_back(std::move(answer));
  if (std::exchange(here.asking, true)) return;
  look(channel, user);
}

void EvasionGate::look(ChannelId channel, UserId user) {
  desk_.look(channel, user, origins_of(user),
             [this, channel, user](const Result<bool>& flagged) { found(channel, user, flagged); });
}

// Nobody is held back because the store does not answer: AutoMod and moderators are still there. What was
// asked before a connection came, or a ban, is no answer for what has been said since.
void EvasionGate::found(ChannelId channel, UserId user, const Result<bool>& flagged) {
  Known& here = known(user, channel);
  if (flagged) here.flagged = *flagged;
  if (std::exchange(here.anew, false)) return look(channel, user);
  here.asking = false;
  here.looked_until = clock_.steady() + (flagged ? Steady::duration(good_for) : retry_after);
  const bool is = here.flagged;
  for (const Answer& answer : std::exchange(here.waiting, {})) answer(is);
}

void EvasionGate::forget_idle() {
  const Steady now = clock_.steady();
  for (auto& [user, channels] : known_)
    std::erase_if(channels, [&](const Known& known) {
      return !known.asking && known.seen_until <= now && known.looked_until <= now;
    });
  std::erase_if(known_, [](const auto& each) { return each.second.empty(); });
}

}  // namespace sluice::chat
