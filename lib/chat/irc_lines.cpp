#include "chat/irc_lines.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "chat/emotes.hpp"
#include "chat/irc_tags.hpp"
#include "irc/message.hpp"

namespace sluice::chat {

namespace {
using irc::LineWriter;

std::string source_of(std::string_view login, std::string_view host) {
  std::string source;
  source.reserve(login.size() * 3 + host.size() + 3);
  source.append(login).append("!").append(login).append("@").append(login).append(".").append(host);
  return source;
}

// Who is replied to, and whom the whole thread answers.
void write_reply_tags(LineWriter& line, const Reply& reply) {
  line.tag("reply-parent-display-name", reply.author.name)
      .tag("reply-parent-msg-body", reply.text)
      .tag("reply-parent-msg-id", reply.id)
      .tag("reply-parent-user-id", number(reply.author.id.value()))
      .tag("reply-parent-user-login", reply.author.login);
  line.tag("reply-thread-parent-display-name", reply.thread_author.name)
      .tag("reply-thread-parent-msg-id", reply.thread)
      .tag("reply-thread-parent-user-id", number(reply.thread_author.id.value()))
      .tag("reply-thread-parent-user-login", reply.thread_author.login);
}

// A reply begins with the name replied to, as the clients of the dialect expect.
std::string lead_of(const Message& message) {
  return message.reply ? "@" + message.reply->author.name + " " : std::string();
}
}  // namespace

std::string as_said(const Message& message) {
  std::string text = lead_of(message) + message.text;
  if (!message.action) return text;
  return "\x01"
         "ACTION " +
         text + "\x01";
}

void write_privmsg(std::string& out, const IrcStyle& style, const Message& message) {
  const std::string lead = lead_of(message);
  LineWriter line(out);
  if (style.tags) {
    const User& author = message.author;
    line.tag("badge-info", badge_info(message.badges)).tag("badges", badge_list(message.badges));
    if (message.bits > 0) line.tag("bits", number(message.bits));
    if (!message.client_nonce.empty()) line.tag("client-nonce", message.client_nonce);
    line.tag("color", author.color).tag("display-name", author.name);
    if (lead.empty() && !message.emotes.empty() && only_emotes(message.text, message.emotes))
      line.tag("emote-only", "1");
    line.tag("emotes", emote_list(message.emotes, code_point_count(lead)));
    line.tag("first-msg", flag(message.first))
        .tag("flags", "")
        .tag("id", message.id)
        .tag("mod", flag(message.roles.moderator));
    if (message.reply) write_reply_tags(line, *message.reply);
    line.tag("returning-chatter", flag(message.returning)).tag("room-id", number(message.channel.value()));
    line.tag("subscriber", flag(message.roles.subscriber));
    line.tag("tmi-sent-ts", number(message.at)).tag("turbo", turbo_flag(message.badges));
    line.tag("user-id", number(message.anonymous ? platform::anonymous_cheerer_tmi_id : author.id.value()));
    line.tag("user-type", user_type(message.roles));
    if (message.roles.vip) line.tag("vip", "1");
  }
  line.prefix(source_of(message.author.login, style.host))
      .command("PRIVMSG")
      .channel(message.channel_name)
      .trailing(as_said(message))
      .end();
}

void write_join(std::string& out, const IrcStyle& style, std::string_view login, std::string_view channel) {
  LineWriter(out).prefix(source_of(login, style.host)).command("JOIN").channel(channel).end();
}

void write_part(std::string& out, const IrcStyle& style, std::string_view login, std::string_view channel) {
  LineWriter(out).prefix(source_of(login, style.host)).command("PART").channel(channel).end();
}

void write_names(std::string& out, const IrcStyle& style, std::string_view reader, std::string_view channel,
                 std::span<const std::string> logins) {
  constexpr std::size_t names_bytes = 400;  // a 353 line stays under RFC 1459's 512
  const std::string source = std::string(reader) + "." + std::string(style.host);
  std::string names;
  const auto write = [&] {
    LineWriter(out)
        .prefix(source)
        .command("353")
        .param(reader)
        .param("=")
        .channel(channel)
        .trailing(names)
        .end();
    names.clear();
  };
  for (const std::string& login : logins) {
    if (names.size() + login.size() > names_bytes) write();
    if (!names.empty()) names += ' ';
    names += login;
  }
  if (!names.empty()) write();
  LineWriter(out)
      .prefix(source)
      .command("366")
      .param(reader)
      .channel(channel)
      .trailing("End of /NAMES list")
      .end();
}

void write_global_user_state(std::string& out, const IrcStyle& style, const User& user,
                             std::span<const Badge> badges, std::string_view emote_sets) {
  LineWriter line(out);
  if (style.tags) {
    line.tag("badge-info", "").tag("badges", badge_list(badges));
    line.tag("color", user.color).tag("display-name", user.name);
    line.tag("emote-sets", emote_sets).tag("turbo", turbo_flag(badges));
    line.tag("user-id", number(user.id.value())).tag("user-type", "");
  }
  line.prefix(style.host).command("GLOBALUSERSTATE").end();
}

void write_user_state(std::string& out, const IrcStyle& style, const User& user, const Roles& roles,
                      std::span<const Badge> badges, std::string_view channel, const SaidAs& said,
                      std::string_view emote_sets) {
  LineWriter line(out);
  if (style.tags) {
    line.tag("badge-info", badge_info(badges)).tag("badges", badge_list(badges));
    if (!said.client_nonce.empty()) line.tag("client-nonce", said.client_nonce);
    line.tag("color", user.color).tag("display-name", user.name).tag("emote-sets", emote_sets);
    if (!said.id.empty()) line.tag("id", said.id);
    line.tag("mod", flag(roles.moderator))
        .tag("subscriber", flag(roles.subscriber))
        .tag("turbo", turbo_flag(badges))
        .tag("user-type", user_type(roles));
  }
  line.prefix(style.host).command("USERSTATE").channel(channel).end();
}

void write_room_state(std::string& out, const IrcStyle& style, const Channel& channel,
                      const RoomSettings& settings) {
  LineWriter line(out);
  if (style.tags) {
    line.tag("emote-only", flag(settings.emote_only)).tag("followers-only", number(settings.followers_only));
    line.tag("r9k", flag(settings.unique)).tag("room-id", number(channel.id.value()));
    line.tag("slow", number(settings.slow)).tag("subs-only", flag(settings.subs_only));
  }
  line.prefix(style.host).command("ROOMSTATE").channel(channel.name).end();
}

void write_room_setting(std::string& out, const IrcStyle& style, const Channel& channel, std::string_view tag,
                        const std::string& value) {
  LineWriter line(out);
  if (style.tags && tag < "room-id") line.tag(tag, value);
  if (style.tags) line.tag("room-id", number(channel.id.value()));
  if (style.tags && tag > "room-id") line.tag(tag, value);
  line.prefix(style.host).command("ROOMSTATE").channel(channel.name).end();
}

void write_room_state_change(std::string& out, const IrcStyle& style, const Channel& channel,
                             const RoomSettings& before, const RoomSettings& after) {
  const auto write = [&](std::string_view tag, std::int64_t value) {
    write_room_setting(out, style, channel, tag, std::to_string(value));
  };
  if (before.emote_only != after.emote_only) write("emote-only", after.emote_only);
  if (before.followers_only != after.followers_only) write("followers-only", after.followers_only);
  if (before.unique != after.unique) write("r9k", after.unique);
  if (before.slow != after.slow) write("slow", after.slow);
  if (before.subs_only != after.subs_only) write("subs-only", after.subs_only);
}

void write_notice(std::string& out, const IrcStyle& style, std::string_view channel, std::string_view msg_id,
                  std::string_view text) {
  LineWriter line(out);
  if (style.tags && !msg_id.empty()) line.tag("msg-id", msg_id);
  line.prefix(style.host).command("NOTICE");
  if (channel.empty()) {
    line.param("*");
  } else {
    line.channel(channel);
  }
  line.trailing(text).end();
}

void write_sampled_notice(std::string& out, const IrcStyle& style, const Sampled& sampled) {
  write_notice(out, style, sampled.channel, "room_sampled",
               fmt::format("This room is busy: {} of the last {} messages were shown to everybody.",
                           sampled.noticed_told, sampled.noticed_told + sampled.noticed_left_out));
}

void write_ping(std::string& out, const IrcStyle& style) {
  LineWriter(out).command("PING").trailing(style.host).end();
}

void write_reconnect(std::string& out, const IrcStyle& style) {
  LineWriter(out).prefix(style.host).command("RECONNECT").end();
}

}  // namespace sluice::chat
