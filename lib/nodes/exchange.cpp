#include "nodes/exchange.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::nodes {

namespace {
constexpr seconds linger{60};  // a room is followed on after its last member has gone
constexpr seconds beat_every{1};
constexpr seconds gone_after{5};         // without a sign of life
constexpr seconds told_whole_every{15};  // a room's digest
constexpr milliseconds await_most{300};
constexpr std::size_t rooms_at_once = 200;  // in one message
constexpr std::size_t answer_bytes = 48 * 1024;
}  // namespace

Exchange::Exchange(chat::Rooms& rooms, std::string name, Clock& clock, Outside& outside, Place::Limits limits)
    : rooms_(rooms),
      own_(rooms.origin()),
      name_(std::move(name)),
      clock_(clock),
      outside_(outside),
      limits_(limits),
      born_(clock.wall()),
      canary_(clock.steady()) {}

// ---- the connections

void Exchange::up() {
  up_ = true;
  greeted_ = false;
  const Steady now = clock_.steady();
  for (auto& [origin, other] : others_) other.heard = now;
  outside_.subscribe(node_channel(own_));
  for (auto& [channel, entry] : entries_) {
    entry.subscribed = entry.asks = false;
    if (entry.place->followed()) outside_.subscribe(room_channel(channel));
    entry.place->resume(now);
  }
  for (const UserId user : users_) outside_.subscribe(user_channel(user));
  outside_.subscribe(all_nodes);  // the last: then everything is heard, and what was missed is asked for
}

void Exchange::down() {
  up_ = greeted_ = false;
  std::vector<std::function<void()>> waiting;  // they may enter other rooms
  for (auto& [channel, entry] : entries_) {
    entry.subscribed = false;
    entry.awaited.clear();
    for (auto& ready : std::exchange(entry.ready, {})) waiting.push_back(std::move(ready));
  }
  for (const auto& ready : waiting) ready();
}

void Exchange::subscribed(const std::string& channel) {
  if (channel == all_nodes) return compare_all();
  if (!channel.starts_with("chat:")) return;
  const auto id = parse_number<std::int64_t>(std::string_view(channel).substr(5));
  Entry* here = id ? find(ChannelId(*id)) : nullptr;
  if (here == nullptr || !here->place->followed()) return;
  here->subscribed = true;
  if (std::exchange(here->asks, false)) ask_all(*here);
}

void Exchange::compare_all() {
  if (!up_) return;
  std::vector<Heads::Room> followed, past;
  for (auto& [channel, entry] : entries_)
    if (entry.place->followed()) followed.push_back(digest(entry.place->room(), true));
  announce(all_nodes, std::move(followed), true);
  greeted_ = true;
  if (past_told_) return;
  past_said_ = clock_.steady();
  for (const auto& [name, room] : rooms_.all()) {
    const Entry* here = find(room->channel().id);
    const chat::MessagePtr latest = room->history().latest();
    if ((here == nullptr || !here->place->followed()) && latest && latest->at >= born_ - told_past)
      past.push_back(digest(*room, true));
  }
  if (!past.empty()) announce(all_nodes, std::move(past), false);
}

// ---- what this node says

void Exchange::said(const chat::MessagePtr& message) {
  own_lines_.add(message);
  if (chat::Room* room = rooms_.find(message->channel)) {
    Entry& here = entry(*room);
    here.wanted_until = clock_.steady() + linger;
    follow(here);
  }
  if (!greeted_) return;
  ++counts_.published;
  outside_.publish(room_channel(message->channel), encode(Said{message, false}, message->channel));
}

void Exchange::bye() {
  if (up_) outside_.publish(all_nodes, encode(Bye{own_}));
  leaving_ = true;
}

// ---- who is here

void Exchange::came(UserId user) {
  if (users_.insert(user).second && up_) outside_.subscribe(user_channel(user));
}

void Exchange::left(UserId user) {
  if (users_.erase(user) > 0 && up_) outside_.unsubscribe(user_channel(user));
}

// ---- rooms

void Exchange::enter(chat::Room& room, const chat::Seen& seen, std::function<void()> ready) {
  Entry& here = entry(room);
  here.wanted_until = clock_.steady() + linger;
  const bool fresh = !here.place->followed();
  follow(here);
  const bool waits = fresh || !here.awaited.empty() || !here.ready.empty() || !here.subscribed;
  const bool is_behind = !waits && behind(room, seen);
  if (!up_ || others_.empty() || (!waits && !is_behind)) return ready();
  if (const Steady now = clock_.steady(); here.await_until < now) here.await_until = now + await_most;
  if (is_behind) ask_all(here);
  here.ready.push_back(std::move(ready));
  restless_.insert(room.channel().id);
}

// Numbers that are not there are believed, too: they cost a question, and a moment's waiting.
bool Exchange::behind(const chat::Room& room, const chat::Seen& seen) const {
  return std::ranges::any_of(seen, [&](const auto& last) {
    return others_.contains(last.first) && room.head(last.first) < last.second;
  });
}

Exchange::Entry& Exchange::entry(chat::Room& room) {
  Entry& found = entries_[room.channel().id];
  Place::Outside& self = *this;
  if (!found.place) found.place = std::make_unique<Place>(room, own_, self, limits_);
  return found;
}

Exchange::Entry* Exchange::find(ChannelId channel) {
  const auto found = entries_.find(channel);
  return found == entries_.end() ? nullptr : &found->second;
}

void Exchange::follow(Entry& entry) {
  if (entry.place->followed()) return;
  entry.place->follow(clock_.wall());
  entry.told_all = {};
  entry.asks = true;
  if (up_) outside_.subscribe(room_channel(entry.place->room().channel().id));
}

void Exchange::unfollow(Entry& entry) {
  entry.place->unfollow();
  entry.subscribed = false;
  entry.awaited.clear();
  if (up_) outside_.unsubscribe(room_channel(entry.place->room().channel().id));
}

std::size_t Exchange::followed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const auto& each) { return each.second.place->followed(); }));
}

bool Exchange::follows(ChannelId room) const {
  const auto found = entries_.find(room);
  return found != entries_.end() && found->second.place->followed();
}

void Exchange::ask_all(Entry& entry) {
  entry.awaited.clear();
  entry.told.clear();
  for (const auto& [origin, other] : others_) entry.awaited.insert(origin);
  if (entry.awaited.empty()) entry.place->all_have_spoken(clock_.steady());
  announce(all_nodes, {digest(entry.place->room(), true)}, true);
  restless_.insert(entry.place->room().channel().id);
}

void Exchange::settle_if_complete(Entry& entry, Steady now) {
  if (entry.ready.empty() && entry.awaited.empty()) return;
  const bool complete = entry.subscribed && entry.awaited.empty() && !entry.place->restless();
  if (!complete && now < entry.await_until) return;
  entry.awaited.clear();
  entry.place->settle(std::exchange(entry.told, {}), now);
  for (auto& ready : std::exchange(entry.ready, {})) ready();
}

// ---- what it hears

void Exchange::hear(const std::string& channel, std::string_view text) {
  auto told = decode(text);
  if (!told) {
    ++counts_.malformed;
    return outside_.malformed(told.error());
  }
  if (auto* said = std::get_if<Said>(&*told)) {
    take(channel, std::move(*said));
  } else if (const auto* heads = std::get_if<Heads>(&*told)) {
    take(*heads, channel != all_nodes);
  } else if (const auto* want = std::get_if<Want>(&*told)) {
    take(*want);
  } else if (const auto* lines = std::get_if<Lines>(&*told)) {
    take(*lines);
  } else if (const auto* canary = std::get_if<Canary>(&*told)) {
    if (canary->from != own_) return;
    if (canary_.came_back(canary->number, clock_.steady()) && past_said_ && canary_.released() > *past_said_)
      past_told_ = true;
  } else if (const auto* whispered = std::get_if<Whispered>(&*told)) {
    take(channel, *whispered);
  } else if (const auto* bye = std::get_if<Bye>(&*told)) {
    take_leave(bye->from);
  }
}

void Exchange::take(const std::string& channel, Said said) {
  const ChannelId id = said.message->channel;
  if (said.message->origin == own_) return;
  if (channel != room_channel(id)) {
    ++counts_.malformed;
    return outside_.malformed(
        {Errc::invalid, "a line of channel " + std::to_string(id.value()) + " on " + channel, ""});
  }
  Entry* here = find(id);
  if (here == nullptr) return;
  ++counts_.heard;
  here->place->hear(std::move(said), clock_.steady());
  if (here->place->restless()) restless_.insert(id);
}

void Exchange::take(const Heads& heads, bool to_me) {
  if (heads.from == own_) return;
  const Steady now = clock_.steady();
  Other& other = others_[heads.from];
  other = {heads.name, now};
  std::vector<Heads::Room> answers;
  std::vector<ChannelId> closed;
  for (const Heads::Room& room : heads.rooms) {
    if (Entry* here = find(room.channel); here != nullptr && here->place->followed()) {
      here->place->compare(heads.from, room, heads.born, now);
      if (to_me && here->awaited.erase(heads.from) > 0) {
        here->told.insert(heads.from);
        if (here->awaited.empty()) here->place->all_have_spoken(now);
      }
      if (here->place->restless()) restless_.insert(room.channel);
      settle_if_complete(*here, now);
    }
    if (!heads.asks) continue;
    if (chat::Room* known = rooms_.find(room.channel)) {
      answers.push_back(digest(*known, true));
    } else {
      closed.push_back(room.channel);
    }
  }
  if (heads.asks) announce(node_channel(heads.from), std::move(answers), false);
  for (const ChannelId channel : closed)
    outside_.open(channel, [this, channel, to = node_channel(heads.from)](chat::Room* room) {
      announce(to, {room != nullptr ? digest(*room, true) : Heads::Room{channel, 0, {}}}, false);
    });
}

void Exchange::take(const Want& want) {
  if (want.from == own_) return;
  if (chat::Room* room = rooms_.find(want.channel)) return answer(want, *room);
  outside_.open(want.channel, [this, want](chat::Room* room) {
    if (room != nullptr) answer(want, *room);
  });
}

void Exchange::take(const Lines& lines) {
  Entry* here = find(lines.channel);
  if (here == nullptr || lines.from == own_) return;
  const Steady now = clock_.steady();
  counts_.filled += lines.lines.size();
  here->place->fill(lines, now);
  if (here->place->restless()) restless_.insert(lines.channel);
  settle_if_complete(*here, now);
}

// Its own node has told it to who is there, and hears it, too, if its user has connections on both.
void Exchange::take(const std::string& channel, const Whispered& whispered) {
  if (whispered.from == own_) return;
  const UserId to = whispered.whisper.to.id;
  if (channel != user_channel(to)) {
    ++counts_.malformed;
    return outside_.malformed(
        {Errc::invalid, "a whisper to user " + std::to_string(to.value()) + " on " + channel, ""});
  }
  outside_.whispered(whispered.whisper);
}

void Exchange::take_leave(const std::string& node) {
  if (others_.erase(node) == 0) return;
  for (auto& [channel, entry] : entries_) {
    entry.place->forget(node);
    entry.awaited.erase(node);
  }
}

// ---- time

void Exchange::tick() {
  const Steady now = clock_.steady();
  if (!up_) return;
  for (auto at = restless_.begin(); at != restless_.end();) {
    Entry& entry = entries_.at(*at);
    entry.place->tick(now);
    settle_if_complete(entry, now);
    const bool rests = !entry.place->restless() && entry.awaited.empty() && entry.ready.empty();
    at = rests ? restless_.erase(at) : std::next(at);
  }
  if (now - last_beat_ >= beat_every) beat(now);
}

void Exchange::beat(Steady now) {
  last_beat_ = now;
  if (leaving_) return;
  if (const auto number = canary_.release(now))
    outside_.publish(node_channel(own_), encode(Canary{own_, *number}));
  std::vector<std::string> gone;
  for (const auto& [origin, other] : others_)
    if (now - other.heard > gone_after) gone.push_back(origin);
  for (const std::string& origin : gone) take_leave(origin);

  std::vector<Heads::Room> rooms;
  for (auto& [channel, entry] : entries_) {
    if (!entry.place->followed()) continue;
    chat::Room& room = entry.place->room();
    if (room.members() > 0) entry.wanted_until = now + linger;
    if (now > entry.wanted_until) {
      unfollow(entry);
      continue;
    }
    if (!greeted_) continue;  // of what is said until then all is told at once
    const bool whole = now - entry.told_all >= told_whole_every;
    if (!whole && entry.told_seq == room.seq() && entry.told_viewers == room.viewers()) continue;
    if (whole) {
      entry.told_all = now;
      entry.place->forget_departed([this](const std::string& origin) { return others_.contains(origin); },
                                   now);
    }
    // What changed is told once more, in case that is lost: the whole within 15 s.
    entry.told_seq = room.seq();
    entry.told_viewers = room.viewers();
    rooms.push_back(digest(room, whole));
  }
  announce(all_nodes, std::move(rooms), false);
}

void Exchange::announce(const std::string& channel, std::vector<Heads::Room> rooms, bool asks) {
  if (!up_) return;
  do {
    Heads heads{own_, name_, asks, {}, born_};
    const std::size_t some = std::min(rooms.size(), rooms_at_once);
    heads.rooms.assign(std::make_move_iterator(rooms.end() - static_cast<std::ptrdiff_t>(some)),
                       std::make_move_iterator(rooms.end()));
    rooms.resize(rooms.size() - some);
    outside_.publish(channel, encode(heads));
  } while (!rooms.empty());
}

Heads::Room Exchange::digest(chat::Room& room, bool all) {
  return entry(room).place->digest(all, own_lines_.first(room.channel().id));
}

// ---- questions

void Exchange::ask(const std::string& node, const Want& want) {
  if (up_) outside_.publish(node_channel(node), encode(want));
}

void Exchange::received(const Said& said) {
  outside_.received(said);
}

void Exchange::answer(const Want& want, chat::Room& room) {
  std::map<std::uint64_t, Said> found;
  const std::uint64_t last = std::min(want.range.last, want.range.first + limits_.at_once - 1);
  for (const chat::History::Kept& kept : room.history().kept()) {
    const std::uint64_t seq = kept.seq_of(want.of);
    if (seq < want.range.first || seq > last) continue;
    chat::MessagePtr message = kept.message;
    if (message->origin != want.of) {  // by another of its numbers
      const auto number = std::ranges::find(kept.also, want.of, &chat::History::Number::origin);
      auto copy = std::make_shared<chat::Message>(*message);
      copy->origin = number->origin;
      copy->seq = number->seq;
      copy->at = number->at;
      copy->order = number->order;
      message = std::move(copy);
    }
    found.emplace(seq, Said{std::move(message), kept.removed});
  }
  if (want.of == own_)
    for (std::uint64_t seq = want.range.first; seq <= last; ++seq)
      if (chat::MessagePtr message = own_lines_.find(want.channel, seq))
        found.try_emplace(seq, Said{message, room.is_taken_off(*message)});

  Lines lines{own_, want.channel, want.of, {want.range.first, last}, {}};
  std::size_t bytes = 0;
  for (auto& [seq, said] : found) {
    if (bytes > answer_bytes) {
      lines.range.last = seq - 1;
      outside_.publish(node_channel(want.from), encode(lines));
      lines.range = {seq, last};
      lines.lines.clear();
      bytes = 0;
    }
    bytes += encoded_size(said);
    lines.lines.push_back(std::move(said));
  }
  outside_.publish(node_channel(want.from), encode(lines));
}

}  // namespace sluice::nodes
