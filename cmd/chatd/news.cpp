#include "news.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "chat/irc_lines.hpp"
#include "evasions.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"
#include "moderation_news.hpp"

namespace sluice::chatd {

void News::take(const store::Event& event) {
  const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
  if (event.name == "token.revoke") {
    const auto token = parse_number<std::int64_t>(text_of(payload, "token_id"));
    if (!token || *token == 0) return;
    if (const std::size_t closed = links_.revoke(chat::TokenId(*token)); closed > 0)
      log::info("token revoked: its connections are closed", {{"token", *token}, {"connections", closed}});
    return;
  }
  if (event.channel.value() != 0) last_.insert_or_assign(event.channel, event.cursor);
  const std::string channel = text_of(payload, "channel");
  if (event.name == "channel.suspicious_user.update") return take_suspicion(event, rooms_.find(channel));
  chat::Room* room = rooms_.find(channel);
  if (room == nullptr) {  // nobody is there; what is taken off counts when somebody comes
    if (chat::Room* closed = rooms_.known(channel)) {
      apply_to_room(event, *closed);
      closed->let_go();  // its standing is read when it opens
    }
    return;
  }
  if (event.name == "channel.chat.message_delete" && archivist_ != nullptr)
    if (const std::string id = text_of(payload, "message_id"); !room->history().find(id))
      return remove_old(event, id);
  if (apply_to_room(event, *room)) return;
  if (event.name == "channel.update") return room->tell_title(text_of(payload, "title"));
  if (event.name == "stream.online") return room->tell_live(true);
  if (event.name == "stream.offline") return room->tell_live(false);
}

// The archive knows what was said; the room need not.
void News::remove_old(const store::Event& event, const std::string& id) {
  archivist_->find(event.channel, id, [this, event, id](const Result<std::optional<chatlog::Kept>>& kept) {
    const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
    if (!kept) log::warn("what was deleted cannot be read in the chat history", {kept.error()});
    if (chat::Room* room = rooms_.known(text_of(payload, "channel")))
      room->remove_message(id, text_of(payload, "target_user_login"),
                           kept && *kept ? chat::as_said(*(*kept)->message) : "", event.at);
  });
}

void News::take_suspicion(const store::Event& event, const chat::Room* open) const {
  const chat::Suspicion suspicion = suspicion_of(event);
  if (chat::EvasionGate* gate = links_.hall().evasion) gate->flag_changed(event.channel, suspicion.user.id);
  if (open == nullptr) return;
  const chat::Room& room = *open;
  room.tell([&](const chat::Member& member) { return room.roles_of(*member.user).moderates(); },
            [&](std::string& out, const chat::Wire& wire) {
              if (wire.json) return chat::write_suspicion(out, suspicion);
              if (wire.commands) chat::write_suspicion(out, {rooms_.host(), wire.tags}, suspicion);
            },
            rooms_.style());
}

store::Cursor News::last_of(ChannelId channel) const {
  const auto last = last_.find(channel);
  return last == last_.end() ? store::Cursor() : last->second;
}

}  // namespace sluice::chatd
