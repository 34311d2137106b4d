#include "automod_rooms.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr seconds pause{1};  // between tries to read what could not be read

// The room's own come first: of too many, shared ones are left out.
std::vector<chat::RoomWord> words_of(const store::WordRules& rules) {
  std::vector<chat::RoomWord> words;
  words.reserve(rules.rules.size());
  for (const bool own : {true, false})
    for (const store::WordRule& rule : rules.rules)
      if ((rule.list == rules.terms) == own)
        words.push_back({rule.entry.text, rule.entry.kind == store::WordKind::pattern,
                         std::string(store::name(rule.entry.action)), own ? 0 : rule.list.value()});
  return words;
}

// Of the list that an event is about; 0: none.
store::WordListId list_of(const store::Event& event) {
  const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
  const auto id = parse_number<std::int64_t>(text_of(payload, "list_id"));
  return store::WordListId(id.value_or(number_of(payload, "list_id", 0)));
}
}  // namespace

void AutomodRooms::with(ChannelId channel, std::function<void(const Policy&)> then) {
  Room& room = rooms_[channel];
  const Steady now = system_clock().steady();
  if (!room.reading && (room.retry ? *room.retry <= now : !room.known)) read(channel);
  if (!room.reading || (room.known && !room.changed)) return then(room.policy);
  room.waiting.push_back({now + process_.deadline() / 2, std::move(then)});
  if (room.waiting.size() == 1) let_go();
}

void AutomodRooms::take(const store::Event& event) {
  if (event.name == "automod.settings.update" ||
      (event.name == "word_list.update" && event.channel.value() != 0)) {
    const auto room = rooms_.find(event.channel);
    if (room == rooms_.end()) return;
    room->second.changed = true;
    read(event.channel);
  } else if (event.name == "word_list.update") {
    const store::WordListId list = list_of(event);
    for (const auto& [channel, room] : rooms_)
      if (!room.known || room.reading || std::ranges::find(room.lists, list) != room.lists.end())
        read(channel);
  }
}

// One at a time for a room: what changes meanwhile is read once more, however often it does.
void AutomodRooms::read(ChannelId channel) {
  Room& room = rooms_[channel];
  if (room.reading) {
    room.again = true;
    return;
  }
  room.reading = true;
  const auto ask = [&store = store_, channel]() -> Result<Read> {
    Read found;
    SLUICE_TRY_VALUE(found.settings, store.rooms().automod(channel));
    SLUICE_TRY_VALUE(found.rules, store.word_lists().rules_for(channel));
    return found;
  };
  offload_.run(ask, [this, channel](Result<Read> found) { keep(channel, std::move(found)); });
}

void AutomodRooms::keep(ChannelId channel, Result<Read> found) {
  Room& room = rooms_[channel];
  room.reading = false;
  const bool was_read = found.has_value();
  if (found) {
    take(room, channel, *std::move(found));
  } else {
    room.retry = system_clock().steady() + pause;
    log::warn("what AutoMod is set to in a room cannot be read",
              {{"channel_id", channel.value()},
               {"goes_on_with", room.known ? "what it was" : "the defaults"},
               found.error()});
  }
  if (std::exchange(room.again, false)) {
    read(channel);
    return let_go();
  }
  room.changed = room.changed && !was_read;
  const Policy policy = room.policy;
  for (const Waiting& waiting : std::exchange(room.waiting, {})) waiting.then(policy);
}

void AutomodRooms::take(Room& room, ChannelId channel, Read found) {
  const std::string name = std::to_string(channel.value());
  const bool had = !room.policy.words.empty();
  room.known = true;
  room.retry.reset();
  room.lists = std::move(found.rules.lists);
  room.policy = {found.settings, found.rules.rules.empty() ? "" : name};
  if (had || !found.rules.rules.empty()) process_.define(name, words_of(found.rules));
}

// Those that have waited long enough are judged by what the room had; nobody knows what, before the first
// read.
void AutomodRooms::let_go() {
  const Steady now = system_clock().steady();
  std::optional<Steady> next;
  std::vector<std::pair<Policy, Waiting>> over;
  for (auto& [channel, room] : rooms_) {
    if (!room.known) continue;
    while (!room.waiting.empty() && room.waiting.front().due <= now) {
      over.emplace_back(room.policy, std::move(room.waiting.front()));
      room.waiting.erase(room.waiting.begin());
    }
    if (!room.waiting.empty() && (!next || room.waiting.front().due < *next)) next = room.waiting.front().due;
  }
  if (next) overdue_.after(*next - now, [this] { let_go(); });
  for (const auto& [policy, waiting] : over) waiting.then(policy);
}

}  // namespace sluice::chatd
