#include "people_news.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"
#include "room_notices.hpp"

namespace sluice::chatd {

namespace {
using nlohmann::json;
constexpr std::size_t at_once = 10'000;
constexpr std::size_t ended_at_once = 500;
constexpr seconds end_rhythm{5};

// What the events say of a subscription that is.
std::optional<chat::Support> support_of(const store::Event& event, const json& payload) {
  const auto until = parse_rfc3339(text_of(payload, "expires_at"));
  if (!until) return std::nullopt;
  const platform::Plan plan = platform::parse_plan(text_of(payload, "plan")).value_or(platform::Plan::tier1);
  return chat::Support{event.channel, platform::tier(plan), number_of(payload, "cumulative_months", 1),
                       *until, flag_of(payload, "is_founder")};
}

chat::EmoteId emote_in(const json& payload) {
  return chat::EmoteId(parse_number<std::int64_t>(text_of(payload, "emote_id")).value_or(0));
}

bool begins_or_goes_on(std::string_view event) {
  return event == "channel.subscribe" || event == "channel.subscription.renew";
}
}  // namespace

Result<> PeopleNews::load() {
  chat::People& people = hall_.rooms.people();
  SLUICE_TRY_VALUE(const std::vector<store::Emote> emotes, store_.emotes().list());
  for (const store::Emote& emote : emotes)
    people.emotes.add(emote.code, {chat::EmoteId(emote.id.value()), emote.channel, emote.owner, emote.tier,
                                   emote.bits, emote.granted_only});
  for (store::EmoteGrant last;;) {
    SLUICE_TRY_VALUE(const std::vector<store::EmoteGrant> some,
                     store_.emotes().grants(last.emote, last.user, at_once));
    for (const store::EmoteGrant& each : some)
      people.grants.put(each.user, chat::EmoteId(each.emote.value()));
    if (some.size() < at_once) break;
    last = some.back();
  }
  for (UserId last;;) {
    SLUICE_TRY_VALUE(const std::vector<store::User> some, store_.users().with_premium(last, at_once));
    for (const store::User& each : some) people.premiums.put(each.id, each.premium);
    if (some.size() < at_once) break;
    last = some.back().id;
  }
  for (store::Subscription last;;) {
    SLUICE_TRY_VALUE(const std::vector<store::Subscription> some,
                     store_.subscriptions().all(last.channel, last.user, at_once));
    for (const store::Subscription& each : some)
      people.subscribers.put(
          each.user, {each.channel, platform::tier(each.plan), each.months, each.expires_at, each.founder});
    if (some.size() < at_once) break;
    last = some.back();
  }
  for (store::Cheerer last;;) {
    SLUICE_TRY_VALUE(const std::vector<store::Cheerer> some,
                     store_.bits().all(last.channel, last.user, at_once));
    for (const store::Cheerer& each : some) people.cheerers.put(each.user, each.channel, each.bits);
    if (some.size() < at_once) return {};
    last = some.back();
  }
}

void PeopleNews::begin() {
  rhythm_.every(end_rhythm, [this] { end_lapsed(); });
}

void PeopleNews::end_lapsed() {
  hall_.rooms.people().subscribers.forget_lapsed(hall_.clock.wall());
  offload_.run([this] { return store_.subscriptions().end_lapsed(ended_at_once); },
               [](Result<std::size_t> ended) {
                 if (!ended)
                   log::warn("subscriptions that expired could not be ended yet",
                             {{"error", to_string(ended.error())}});
               });
}

void PeopleNews::take(const store::Event& event) {
  const json payload = json::parse(event.payload, nullptr, false);
  chat::People& people = hall_.rooms.people();
  const chat::User user = user_of(payload);
  if (event.name == "user.update") {
    // A node of before there was Turbo tells of looks without it.
    if (const auto premium = platform::parse_premium(text_of(payload, "premium")))
      people.premiums.put(user.id, *premium);
    hall_.switchboard.each(user.id, [&](chat::Client& client) {
      client.restyle(text_of(payload, "color"), flag_of(payload, "is_bot"));
    });
  } else if (event.name == "emote.add") {
    people.emotes.add(text_of(payload, "code"),
                      {emote_in(payload), event.channel, user_of(payload, "broadcaster_").id,
                       static_cast<int>(number_of(payload, "tier", 0)), number_of(payload, "bits", 0),
                       text_of(payload, "kind") == "granted"});
  } else if (event.name == "emote.remove") {
    people.emotes.remove(text_of(payload, "code"), event.channel);
    people.grants.forget(emote_in(payload));
  } else if (event.name == "emote.grant") {
    people.grants.put(user.id, emote_in(payload));
  } else if (event.name == "emote.revoke") {
    people.grants.end(user.id, emote_in(payload));
  } else if (event.name == "channel.subscription.end") {
    people.subscribers.end(user.id, event.channel);
  } else if (event.name == "channel.cheer" || event.name == "channel.cheer.return") {
    if (const auto bits = number_of(payload, "cumulative_bits", -1); bits >= 0)  // anonymous ones have none
      people.cheerers.put(user.id, event.channel, bits);
  } else if (begins_or_goes_on(event.name)) {
    if (const auto support = support_of(event, payload)) people.subscribers.put(user.id, *support);
  }
  if (event.channel != ChannelId()) tell_room(event, payload);
}

void PeopleNews::tell_room(const store::Event& event, const json& payload) {
  chat::Room* room = hall_.rooms.known(text_of(payload, "channel"));
  if (room == nullptr) return;  // nobody has been there
  const bool open = hall_.rooms.find(event.channel) != nullptr;
  if (event.name == "channel.follow") {
    if (open) room->standing().follow(user_of(payload).id, event.at);
  } else if (event.name == "channel.unfollow") {
    room->standing().unfollow(user_of(payload).id);
  } else if (auto notice = notice_of(event, payload, *room)) {
    room->tell(std::make_shared<const chat::UserNotice>(*std::move(notice)));
  }
}

}  // namespace sluice::chatd
