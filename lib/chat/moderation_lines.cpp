#include "chat/moderation_lines.hpp"

#include "chat/irc_tags.hpp"
#include "chat/json_object.hpp"
#include "irc/message.hpp"

namespace sluice::chat {

void write_clear_chat(std::string& out, const IrcStyle& style, const UserCleared& cleared) {
  irc::LineWriter line(out);
  if (style.tags) {
    if (cleared.duration) line.tag("ban-duration", number(cleared.duration->count()));
    line.tag("room-id", number(cleared.channel.id.value()))
        .tag("target-user-id", number(cleared.user.id.value()))
        .tag("tmi-sent-ts", number(cleared.at));
  }
  line.prefix(style.host)
      .command("CLEARCHAT")
      .channel(cleared.channel.name)
      .trailing(cleared.user.login)
      .end();
}

void write_clear_chat(std::string& out, const IrcStyle& style, const Cleared& cleared) {
  irc::LineWriter line(out);
  if (style.tags)
    line.tag("room-id", number(cleared.channel.id.value())).tag("tmi-sent-ts", number(cleared.at));
  line.prefix(style.host).command("CLEARCHAT").channel(cleared.channel.name).end();
}

void write_clear_message(std::string& out, const IrcStyle& style, const MessageRemoved& removed) {
  irc::LineWriter line(out);
  if (style.tags)
    line.tag("login", removed.login)
        .tag("room-id", number(removed.channel.id.value()))
        .tag("target-msg-id", removed.id)
        .tag("tmi-sent-ts", number(removed.at));
  line.prefix(style.host).command("CLEARMSG").channel(removed.channel.name).trailing(removed.text).end();
}

void write_announcement(std::string& out, const IrcStyle& style, const Message& message) {
  irc::LineWriter line(out);
  if (style.tags) {
    const User& author = message.author;
    line.tag("badge-info", badge_info(message.badges)).tag("badges", badge_list(message.badges));
    line.tag("color", author.color)
        .tag("display-name", author.name)
        .tag("emotes", emote_list(message.emotes));
    line.tag("flags", "")
        .tag("id", message.id)
        .tag("login", author.login)
        .tag("mod", flag(message.roles.moderator));
    line.tag("msg-id", "announcement").tag("msg-param-color", message.announcement);
    line.tag("room-id", number(message.channel.value())).tag("subscriber", flag(message.roles.subscriber));
    line.tag("system-msg", "")
        .tag("tmi-sent-ts", number(message.at))
        .tag("user-id", number(author.id.value()));
    line.tag("user-type", user_type(message.roles));
    if (message.roles.vip) line.tag("vip", "1");
  }
  line.prefix(style.host).command("USERNOTICE").channel(message.channel_name).trailing(message.text).end();
}

void write_banned(std::string& out, const UserCleared& cleared) {
  JsonObject object(out);
  object.text("type", "banned").text("channel", cleared.channel.name).time("at", cleared.at);
  append_user(object.member("user"), cleared.user);
  if (cleared.duration) object.number("duration", cleared.duration->count());
}

void write_cleared(std::string& out, const Cleared& cleared) {
  JsonObject(out).text("type", "cleared").text("channel", cleared.channel.name).time("at", cleared.at);
}

void write_deleted(std::string& out, const MessageRemoved& removed) {
  JsonObject(out)
      .text("type", "deleted")
      .text("channel", removed.channel.name)
      .time("at", removed.at)
      .text("id", removed.id);
}

}  // namespace sluice::chat
