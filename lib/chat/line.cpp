#include "chat/line.hpp"

#include "chat/irc_lines.hpp"
#include "chat/json_lines.hpp"
#include "chat/moderation_lines.hpp"
#include "chat/room_modes.hpp"

namespace sluice::chat {

namespace {
struct AsJson {
  std::string& out;
  void operator()(const MessagePtr& message) const { write_message(out, *message); }
  void operator()(const Presence& presence) const { write_presence(out, presence); }
  void operator()(const Arrival&) const {}
  void operator()(const Departure&) const {}
  void operator()(const SettingsChange& change) const {
    write_settings(out, change.channel.name, change.after);
  }
  void operator()(const TitleChange& change) const { write_title(out, change); }
  void operator()(const LiveChange& change) const { write_live(out, change); }
  void operator()(const UserCleared& cleared) const { write_banned(out, cleared); }
  void operator()(const Cleared& cleared) const { write_cleared(out, cleared); }
  void operator()(const MessageRemoved& removed) const { write_deleted(out, removed); }
  void operator()(const UserNoticePtr& notice) const { write_user_notice_object(out, *notice); }
  void operator()(const Skipped& skipped) const { write_gap(out, skipped); }
  void operator()(const Sampled& sampled) const {
    if (sampled.left_out > 0) write_sampled(out, sampled);
  }
};

struct AsIrc {
  std::string& out;
  const Wire& wire;
  IrcStyle style;
  void operator()(const MessagePtr& message) const {
    if (!message->announcement.empty() && wire.commands) {
      write_announcement(out, style, *message);
    } else {
      write_privmsg(out, style, *message);
    }
  }
  void operator()(const Presence&) const {}
  void operator()(const Arrival& arrival) const {
    if (wire.membership) write_join(out, style, arrival.login, arrival.channel);
  }
  void operator()(const Departure& departure) const {
    if (wire.membership) write_part(out, style, departure.login, departure.channel);
  }
  void operator()(const SettingsChange& change) const {
    if (!wire.commands) return;
    write_room_state_change(out, style, change.channel, change.before, change.after);
    for (const Notice& notice : mode_notices(change.before, change.after))
      write_notice(out, style, change.channel.name, notice.id, notice.text);
  }
  void operator()(const TitleChange&) const {}
  void operator()(const LiveChange&) const {}
  void operator()(const UserCleared& cleared) const {
    if (wire.commands) write_clear_chat(out, style, cleared);
  }
  void operator()(const Cleared& cleared) const {
    if (wire.commands) write_clear_chat(out, style, cleared);
  }
  void operator()(const MessageRemoved& removed) const {
    if (wire.commands) write_clear_message(out, style, removed);
  }
  void operator()(const UserNoticePtr& notice) const {
    if (wire.commands) write_user_notice(out, style, *notice);
  }
  void operator()(const Skipped&) const {}
  void operator()(const Sampled& sampled) const {
    if (wire.commands && sampled.noticed_left_out > 0) write_sampled_notice(out, style, sampled);
  }
};
}  // namespace

void render(std::string& out, const Line& line, const Wire& wire, std::string_view host) {
  if (wire.json) {
    std::visit(AsJson{out}, line.what);
  } else if (!line.for_pages) {
    std::visit(AsIrc{out, wire, IrcStyle{host, wire.tags}}, line.what);
  }
}

}  // namespace sluice::chat
