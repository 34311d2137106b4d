#include "chat/user_notice.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "chat/irc_lines.hpp"
#include "chat/irc_tags.hpp"
#include "chat/json_object.hpp"
#include "irc/message.hpp"

namespace sluice::chat {

namespace {
using Kind = UserNotice::Kind;
using irc::LineWriter;

// Whom the dialect's clients take for somebody who gave anonymously, by this id.
const User anonymous_giver{UserId(274598607), "ananonymousgifter", "AnAnonymousGifter", {}};

const User& speaker(const UserNotice& notice) {
  return notice.user.id.value() == 0 && notice.kind != Kind::raid ? anonymous_giver : notice.user;
}

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string plan_in_words(platform::Plan plan) {
  return plan == platform::Plan::prime ? "Prime" : fmt::format("tier {}", platform::tier(plan));
}

std::string subscription_message(const UserNotice& notice) {
  std::string text = fmt::format("{} subscribes ({}).", notice.user.name, plan_in_words(notice.plan));
  if (notice.kind == Kind::resub) {
    text += " That makes " + counted(notice.months, "month");
    text += notice.streak ? fmt::format(", {} in a row.", *notice.streak) : std::string(".");
  }
  return text;
}

std::string gift_message(const UserNotice& notice) {
  std::string text;
  if (notice.kind == Kind::mystery_gift) {
    text =
        fmt::format("{} gives {} ({}) to followers of {}.", speaker(notice).name,
                    counted(notice.count, "subscription"), plan_in_words(notice.plan), notice.channel.name);
  } else {
    text = fmt::format("{} gives {} a subscription ({}).", speaker(notice).name, notice.recipient.name,
                       plan_in_words(notice.plan));
  }
  const bool whole = notice.kind == Kind::mystery_gift || !notice.community;
  if (whole && notice.total && *notice.total > std::max<std::int64_t>(notice.count, 1))
    text += fmt::format(" That makes {} so far.", *notice.total);
  return text;
}

void write_subscription_tags(LineWriter& line, const UserNotice& notice) {
  line.tag("msg-param-cumulative-months", number(notice.months))
      .tag("msg-param-months", "0")
      .tag("msg-param-multimonth-duration", "1")
      .tag("msg-param-multimonth-tenure", "0")
      .tag("msg-param-should-share-streak", flag(notice.streak.has_value()));
  if (notice.streak) line.tag("msg-param-streak-months", number(*notice.streak));
  line.tag("msg-param-sub-plan", platform::name(notice.plan))
      .tag("msg-param-sub-plan-name", platform::tier_of(notice.plan).title)
      .tag("msg-param-was-gifted", "false");  // the month of a gift is told by the gift alone (subctl(1))
}

void write_gift_tags(LineWriter& line, const UserNotice& notice) {
  const bool many = notice.kind == Kind::mystery_gift;
  if (many || notice.community) line.tag("msg-param-community-gift-id", notice.gift);
  if (!many) line.tag("msg-param-gift-months", "1");
  if (many) line.tag("msg-param-mass-gift-count", number(notice.count));
  if (!many) line.tag("msg-param-months", number(notice.months));
  line.tag("msg-param-origin-id", notice.gift);
  if (!many)
    line.tag("msg-param-recipient-display-name", notice.recipient.name)
        .tag("msg-param-recipient-id", number(notice.recipient.id.value()))
        .tag("msg-param-recipient-user-name", notice.recipient.login);
  // Of a mystery gift the whole tells it, once.
  line.tag("msg-param-sender-count", number(notice.community && !many ? 0 : notice.total.value_or(0)))
      .tag("msg-param-sub-plan", platform::name(notice.plan))
      .tag("msg-param-sub-plan-name", platform::tier_of(notice.plan).title);
}

void write_raid_tags(LineWriter& line, const UserNotice& notice) {
  line.tag("msg-param-displayName", notice.user.name)
      .tag("msg-param-login", notice.user.login)
      .tag("msg-param-profileImageURL", "")
      .tag("msg-param-viewerCount", number(notice.count));
}

void write_own_tags(LineWriter& line, const UserNotice& notice) {
  switch (notice.kind) {
    case Kind::sub:
    case Kind::resub:
      return write_subscription_tags(line, notice);
    case Kind::sub_gift:
    case Kind::mystery_gift:
      return write_gift_tags(line, notice);
    case Kind::raid:
      return write_raid_tags(line, notice);
  }
}

std::string_view json_type(Kind kind) {
  switch (kind) {
    case Kind::sub:
    case Kind::resub:
      return "subscribed";
    case Kind::sub_gift:
      return "gifted";
    case Kind::mystery_gift:
      return "gifts";
    case Kind::raid:
      break;
  }
  return "raided";
}
}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::sub:
      return "sub";
    case Kind::resub:
      return "resub";
    case Kind::sub_gift:
      return "subgift";
    case Kind::mystery_gift:
      return "submysterygift";
    case Kind::raid:
      break;
  }
  return "raid";
}

std::string system_message(const UserNotice& notice) {
  switch (notice.kind) {
    case Kind::sub:
    case Kind::resub:
      return subscription_message(notice);
    case Kind::sub_gift:
    case Kind::mystery_gift:
      return gift_message(notice);
    case Kind::raid:
      break;
  }
  return fmt::format("{} comes with {}.", notice.user.name, counted(notice.count, "raider"));
}

void write_user_notice(std::string& out, const IrcStyle& style, const UserNotice& notice) {
  LineWriter line(out);
  if (style.tags) {
    const User& user = speaker(notice);
    line.tag("badge-info", badge_info(notice.badges)).tag("badges", badge_list(notice.badges));
    line.tag("color", user.color).tag("display-name", user.name).tag("emotes", emote_list(notice.emotes));
    line.tag("flags", "").tag("id", notice.id).tag("login", user.login);
    line.tag("mod", flag(notice.roles.moderator)).tag("msg-id", name(notice.kind));
    write_own_tags(line, notice);
    line.tag("room-id", number(notice.channel.id.value())).tag("subscriber", flag(notice.roles.subscriber));
    line.tag("system-msg", system_message(notice)).tag("tmi-sent-ts", number(notice.at));
    line.tag("turbo", turbo_flag(notice.badges));
    line.tag("user-id", number(user.id.value())).tag("user-type", user_type(notice.roles));
    if (notice.roles.vip) line.tag("vip", "1");
  }
  line.prefix(style.host).command("USERNOTICE").channel(notice.channel.name);
  if (!notice.text.empty()) line.trailing(notice.text);
  line.end();
}

void write_user_notice_object(std::string& out, const UserNotice& notice) {
  JsonObject object(out);
  object.text("type", json_type(notice.kind))
      .text("channel", notice.channel.name)
      .text("id", notice.id)
      .time("at", notice.at);
  if (notice.user.id.value() == 0) {
    object.member("user") += "null";
  } else {
    append_user(object.member("user"), notice.user);
  }
  if (!notice.user.color.empty()) object.text("color", notice.user.color);
  if (!notice.badges.empty()) append_badges(object.member("badges"), notice.badges);
  if (notice.kind == Kind::raid) {
    object.number("viewers", notice.count);
  } else {
    object.text("plan", platform::name(notice.plan)).number("tier", platform::tier(notice.plan));
  }
  if (notice.kind == Kind::sub || notice.kind == Kind::resub) {
    object.number("months", notice.months);
    if (notice.streak) object.number("streak", *notice.streak);
  } else if (notice.kind != Kind::raid) {
    object.text("gift", notice.gift);
    if (notice.total) object.number("total", *notice.total);
    if (notice.kind == Kind::mystery_gift) {
      object.number("count", notice.count);
    } else {
      append_user(object.member("to"), notice.recipient);
      object.number("months", notice.months);
      if (notice.community) object.boolean("community", true);
    }
  }
  object.text("system", system_message(notice));
  if (!notice.text.empty()) object.text("text", notice.text);
  if (!notice.emotes.empty()) append_emotes(object.member("emotes"), notice.emotes);
}

}  // namespace sluice::chat
