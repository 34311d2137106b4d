#include "automod_rooms.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"

namespace sluice::chatd {

namespace {
std::vector<chat::RoomWord> words_of(const store::WordRules& rules) {
  std::vector<chat::RoomWord> words;
  words.reserve(rules.rules.size());
  for (const store::WordRule& rule : rules.rules)
    words.push_back({rule.entry.text, rule.entry.kind == store::WordKind::pattern,
                     std::string(store::name(rule.entry.action))});
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
  if (room.known && room.reads == 0) return then(room.policy);
  room.waiting.push_back(std::move(then));
  if (room.reads == 0) read(channel);
}

void AutomodRooms::take(const store::Event& event) {
  if (event.name == "automod.settings.update" ||
      (event.name == "word_list.update" && event.channel.value() != 0)) {
    if (rooms_.contains(event.channel)) read(event.channel);
  } else if (event.name == "word_list.update") {
    const store::WordListId list = list_of(event);
    for (const auto& [channel, room] : rooms_)
      if (!room.known || std::ranges::find(room.lists, list) != room.lists.end()) read(channel);
  }
}

void AutomodRooms::read(ChannelId channel) {
  ++rooms_[channel].reads;
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
  --room.reads;
  if (found) {
    const std::string name = std::to_string(channel.value());
    const bool had = !room.policy.words.empty();
    room.known = true;
    room.lists = std::move(found->rules.lists);
    room.policy = {found->settings, found->rules.rules.empty() ? "" : name};
    if (had || !found->rules.rules.empty()) process_.define(name, words_of(found->rules));
  } else {
    log::warn("what AutoMod is set to in a room cannot be read",
              {{"channel_id", channel.value()},
               {"goes_on_with", room.known ? "what it was" : "the defaults"},
               found.error()});
  }
  if (room.reads > 0) return;
  const Policy policy = room.policy;
  for (const auto& then : std::exchange(room.waiting, {})) then(policy);
}

}  // namespace sluice::chatd
