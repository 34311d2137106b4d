#include "room_notices.hpp"

#include "chat/badges.hpp"
#include "chat/message_id.hpp"
#include "event_fields.hpp"

namespace sluice::chatd {

namespace {
using nlohmann::json;
using NoticeKind = chat::UserNotice::Kind;

std::optional<std::int64_t> number_if_any(const json& payload, const char* name) {
  const std::int64_t number = number_of(payload, name, -1);
  return number < 0 ? std::nullopt : std::optional(number);
}

// Who comes back after a pause subscribes again: the room hears how long it has been.
void take_subscription(const json& payload, chat::UserNotice& notice) {
  notice.user = user_of(payload);
  notice.kind = notice.months > 1 ? NoticeKind::resub : NoticeKind::sub;
}

void take_gift(const json& payload, chat::UserNotice& notice) {
  notice.kind = NoticeKind::sub_gift;
  notice.user = user_of(payload, "gifter_");
  notice.recipient = user_of(payload);
}

void take_message(const json& payload, const chat::Room& room, chat::UserNotice& notice) {
  notice.kind = NoticeKind::resub;
  notice.user = user_of(payload);
  notice.streak = number_if_any(payload, "streak_months");
  const auto message = payload.find("message");
  if (message != payload.end()) notice.text = text_of(*message, "text");
  notice.emotes = room.emotes_in(notice.text, notice.user.id);
}

bool read(const store::Event& event, const json& payload, const chat::Room& room, chat::UserNotice& notice) {
  if (event.name == "channel.subscribe") {
    flag_of(payload, "is_gift") ? take_gift(payload, notice) : take_subscription(payload, notice);
  } else if (event.name == "channel.subscription.message") {
    take_message(payload, room, notice);
  } else if (event.name == "channel.subscription.gift") {
    if (!notice.community) return false;  // to one, whose channel.subscribe tells of it
    notice.kind = NoticeKind::mystery_gift;
    notice.user = user_of(payload);
    notice.count = number_of(payload, "total", 1);
  } else if (event.name == "channel.raid") {
    notice.kind = NoticeKind::raid;
    notice.user = user_of(payload, "from_broadcaster_");
    notice.count = number_of(payload, "viewers", 0);
  } else {
    return false;
  }
  return true;
}
}  // namespace

std::optional<chat::UserNotice> notice_of(const store::Event& event, const json& payload,
                                          const chat::Room& room) {
  if (!payload.is_object()) return std::nullopt;
  chat::UserNotice notice;
  notice.at = event.at;
  notice.channel = room.channel();
  notice.plan = platform::parse_plan(text_of(payload, "plan")).value_or(platform::Plan::tier1);
  notice.months = number_of(payload, "cumulative_months", 0);
  notice.gift = text_of(payload, "gift_id");
  notice.community = flag_of(payload, "is_community_gift");
  notice.total = number_if_any(payload, "cumulative_total");
  if (!read(event, payload, room, notice)) return std::nullopt;
  notice.id =
      chat::message_id(event.channel, notice.user.id, "event " + std::to_string(event.cursor.value()));
  notice.roles = room.roles_of(notice.user);
  notice.badges = chat::badges_of(notice.roles);
  return notice;
}

}  // namespace sluice::chatd
