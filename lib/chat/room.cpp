#include "chat/room.hpp"

#include <algorithm>

namespace sluice::chat {

namespace {
// Members, of whatever kind, above which JOIN and PART of others are not told: each is a write to all of
// them.
constexpr std::size_t membership_limit = 1000;
constexpr int beats_between_notices = 10;  // that a busy room's readers on IRC are sent
constexpr seconds clocks_differ{60};       // of two nodes, at most
constexpr std::size_t notices_kept = 50;
}  // namespace

Room::Room(Channel channel, std::string origin, const People& people, std::function<void(Room&)> gathered,
           std::size_t lanes)
    : channel_(std::move(channel)),
      origin_(std::move(origin)),
      people_(people),
      gathered_(std::move(gathered)),
      audience_(lanes) {}

Roles Room::roles_of(const User& user) const {
  Roles roles;
  if (user.id.value() == 0) return roles;
  roles.broadcaster = user.id == channel_.broadcaster;
  roles.moderator = standing_.has(Standing::Role::moderator, user.id);
  roles.vip = standing_.has(Standing::Role::vip, user.id);
  roles.bot = user.bot;
  if (const Support* support = people_.subscribers.find(user.id, channel_.id)) {
    roles.subscriber = true;
    roles.tier = support->tier;
    roles.months = support->months;
    roles.founder = support->founder;
  }
  roles.bits = people_.cheerers.find(user.id, channel_.id);
  roles.premium = people_.premiums.of(user.id);
  return roles;
}

void Room::join(Member& member) {
  member.number = ++members_numbered_;
  member.since = first_line_ + lines_.size();
  audience_.add(member);
  if (member.user->id.value() == 0) {
    ++anonymous_;
    return;
  }
  Chatter& chatter = chatters_[member.user->id];
  chatter.login = member.user->login;
  if (++chatter.connections > 1) return;
  const auto [move, fresh] = moves_.try_emplace(member.user->id, Move{chatter.login, member.number});
  if (!fresh) moves_.erase(move);
}

void Room::leave(Member& member) {
  audience_.remove(member);
  if (member.user->id.value() == 0) {
    --anonymous_;
    return;
  }
  const auto chatter = chatters_.find(member.user->id);
  if (--chatter->second.connections > 0) return;
  const auto [move, fresh] = moves_.try_emplace(member.user->id, Move{chatter->second.login});
  if (!fresh) moves_.erase(move);
  chatters_.erase(chatter);
}

std::vector<std::string> Room::logins(std::size_t limit) const {
  std::vector<std::string> logins;
  for (const auto& [id, chatter] : chatters_) {
    if (logins.size() == limit) break;
    logins.push_back(chatter.login);
  }
  return logins;
}

MessagePtr Room::publish(Message message, Member* from) {
  message.origin = origin_;
  message.seq = ++seq_;
  message.order = message.at.time_since_epoch().count();
  if (const MessagePtr latest = history_.latest()) message.order = std::max(message.order, latest->order + 1);
  message.channel = channel_.id;
  message.channel_name = channel_.name;
  if (message.author.id != UserId()) {
    const Speakers::Said said = speakers_.said(message.author.id, message.at);
    message.first = said.first;
    message.returning = said.returning;
  }
  const auto published = std::make_shared<const Message>(std::move(message));
  history_.add(published);
  if (from != nullptr && !from->wire.json) from->spoke = true;
  gather({published, from != nullptr ? from->number : 0});
  return published;
}

void Room::restore(MessagePtr message, bool removed) {
  std::uint64_t& head = heads_[message->origin];
  head = std::max(head, message->seq);
  removed = removed || removals_.covers(*message);
  history_.add(std::move(message), removed);
}

void Room::let_go() {
  history_.clear();
  speakers_ = {};
  standing_.replace({});
}

void Room::receive(const MessagePtr& message, bool removed, Tell tell) {
  count(message->origin, message->seq);
  removed = removed || removals_.covers(*message);
  if (message->author.id != UserId()) speakers_.said(message->author.id, message->at);
  history_.add(message, removed);
  if (tell != Tell::nobody && !removed) gather({message, 0, tell == Tell::pages});
}

void Room::count(const std::string& origin, std::uint64_t seq) {
  std::uint64_t& head = heads_[origin];
  head = std::max(head, seq);
}

void Room::skip(const std::string& origin, std::uint64_t first, std::uint64_t last, bool missed) {
  count(origin, last);
  if (missed) skipped_[origin] = last;
  gather({Skipped{channel_.name, origin, first, last}, 0});
}

History::Missed Room::missed(const Seen& seen, bool complete) const {
  History::Missed missed = history_.after(seen, heads(), complete);
  for (const auto& [origin, last] : skipped_) {
    const auto found = seen.find(origin);
    missed.gap = missed.gap || (found == seen.end() ? complete : found->second < last);
  }
  return missed;
}

std::vector<UserNoticePtr> Room::notices_since(std::optional<Wall> from) const {
  std::vector<UserNoticePtr> since;
  for (const UserNoticePtr& notice : notices_)
    if (!from || notice->at >= *from - clocks_differ) since.push_back(notice);
  return since;
}

TakenOff Room::taken_off_since(std::optional<Wall> from) const {
  TakenOff taken = removals_.since(from ? *from - clocks_differ : Wall{});
  for (const History::Kept& each : history_.kept())
    if (each.removed && !removals_.covers(*each.message)) taken.ids.push_back(each.message->id);
  return taken;
}

Seen Room::heads() const {
  Seen heads = heads_;
  heads[origin_] = seq_;
  return heads;
}

std::uint64_t Room::head(std::string_view origin) const {
  if (origin == origin_) return seq_;
  const auto found = heads_.find(origin);
  return found == heads_.end() ? 0 : found->second;
}

bool Room::is_taken_off(const Message& message) const {
  const History::Kept* kept = history_.entry(message.id);
  return (kept != nullptr && kept->removed) || removals_.covers(message);
}

void Room::forget(const std::string& origin) {
  heads_.erase(origin);
  skipped_.erase(origin);
}

void Room::change_settings(const RoomSettings& settings) {
  if (settings == standing_.settings) return;
  gather({SettingsChange{channel_, standing_.settings, settings}, 0});
  standing_.settings = settings;
}

void Room::ban(const User& user, std::optional<Wall> until, Wall at) {
  standing_.ban(user.id, {user.login, until});
  history_.remove_author(user.id);
  removals_.remove_author(user.id, at);
  std::optional<seconds> duration;
  if (until) duration = std::chrono::ceil<seconds>(*until - at);
  gather({UserCleared{channel_, user, duration, at}, 0});
}

void Room::remove_message(std::string_view id, std::string login, std::string text, Wall at) {
  history_.remove(id);
  removals_.remove(std::string(id), at);
  gather({MessageRemoved{channel_, std::string(id), std::move(login), std::move(text), at}, 0});
}

void Room::clear(Wall at) {
  history_.remove_all(at);
  removals_.remove_all(at);
  gather({Cleared{channel_, at}, 0});
}

void Room::tell_title(std::string title) {
  gather({TitleChange{channel_.name, std::move(title)}, 0});
}

void Room::tell_live(bool live) {
  gather({LiveChange{channel_.name, live}, 0});
}

void Room::tell(const Whom& whom, const Words& words, const RenderStyle& style) const {
  audience_.tell(whom, words, style);
}

void Room::tell(UserNoticePtr notice) {
  if (!notice->community) notices_.push_back(notice);  // of gifts to several their number is enough
  if (notices_.size() > notices_kept) notices_.pop_front();
  gather({std::move(notice), 0});
}

void Room::beat() {
  deserted_ = members() == 0 ? deserted_ + 1 : 0;
  tell_moves();
  if (viewers_everywhere() != viewers_told_) {
    viewers_told_ = viewers_everywhere();
    gather({Presence{channel_.name, viewers_told_}, 0});
  }
  tell_sampled();
}

void Room::tell_moves() {
  const auto moves = std::exchange(moves_, {});
  if (moves.empty() || audience_.size() > membership_limit) return;
  // Those who came have had their own JOIN already.
  std::unordered_set<MemberNumber> arrived;
  for (const auto& [user, move] : moves) arrived.insert(move.came);
  audience_.each([&](Member& member) {
    member.spoke = member.spoke || (!member.wire.json && arrived.contains(member.number));
  });
  for (const auto& [user, move] : moves) {
    if (move.came == 0) {
      gather({Departure{channel_.name, move.login}, 0});
    } else {
      gather({Arrival{channel_.name, move.login}, move.came});
    }
  }
}

void Room::tell_sampled() {
  const auto [told, left_out] = ceiling_.take_count();
  if (beats_to_notice_ > 0) --beats_to_notice_;
  if (left_out > 0 || unnoticed_.left_out > 0) {
    unnoticed_.told += told;
    unnoticed_.left_out += left_out;
  }
  Ceiling::Count noticed;
  if (unnoticed_.left_out > 0 && beats_to_notice_ == 0) {
    noticed = std::exchange(unnoticed_, {});
    beats_to_notice_ = beats_between_notices;
  }
  if (left_out > 0 || noticed.left_out > 0)
    gather({Sampled{channel_.name, told, left_out, noticed.told, noticed.left_out}, 0, false,
            Line::Whom::reading});
}

std::unique_ptr<Batch> Room::take_batch(const Tick& tick) {
  std::vector<Line> lines = std::exchange(lines_, {});
  const std::uint64_t first = std::exchange(first_line_, first_line_ + lines.size());
  ceiling_.choose(lines, tick.ceiling, tick.now, tick.random);
  return std::make_unique<Batch>(std::move(lines), first, tick.style,
                                 [this](const Member& member) { return sees_all(*member.user); });
}

bool Room::sees_all(const User& user) const {
  return user.id.value() != 0 &&
         (user.bot || user.id == channel_.broadcaster || standing_.has(Standing::Role::moderator, user.id) ||
          standing_.has(Standing::Role::vip, user.id));
}

void Room::gather(Line line) {
  deserted_ = 0;
  lines_.push_back(std::move(line));
  if (lines_.size() == 1) gathered_(*this);
}

}  // namespace sluice::chat
