// MessagePath, of what cheers: paid for last of all, and what has been paid for is said.
#include "chat/message_path.hpp"
#include "chat/room_rules.hpp"
#include "platform/bits.hpp"

namespace sluice::chat {

// The broadcaster's own words cheer nobody.
std::int64_t MessagePath::bits_in(const Room& room, const Draft& draft, std::string_view text) const {
  if (till_ == nullptr || !draft.announcement.empty() || draft.author.id == room.channel().broadcaster)
    return 0;
  return platform::cheered_bits(text);
}

std::int64_t MessagePath::counted_bits(const Message& paid) {
  return paid.anonymous ? 0 : paid.bits;
}

// Nothing is taken for what would not be said as things stand now.
void MessagePath::pay(const std::shared_ptr<WaitingLine>& line) {
  const Room& room = *line->room;
  Message& message = line->message;
  if (recent_.find(line->key_id, clock_.steady())) return decide(line, std::nullopt);
  auto refused = refused_by_ban(room, message.author.id);
  if (!refused)
    refused = refused_by_settings(room, message.author.id, room.roles_of(message.author), message.text,
                                  message.emotes, clock_.wall());
  if (refused) return decide(line, std::move(refused));
  till_->pay(message, [this, weak = std::weak_ptr(line)](Till::Payment payment) {
    const auto it = weak.lock();
    if (!it || it->decided) return;
    if (auto* refusal = std::get_if<Refusal>(&payment)) return decide(it, std::move(*refusal));
    it->paid = std::holds_alternative<Till::Paid>(payment);
    if (!it->paid && it->message.anonymous) return decide(it, Refusal{Reason::not_enough_bits});
    if (!it->paid) it->message.bits = 0;
    decide(it, std::nullopt);
  });
}

void MessagePath::say_paid(Room& room, Message message, bool checked, Answer then) {
  // Of what a run before this had taken, its sender's repeat may be waiting: this answers it.
  if (!elsewhere_.contains(message.id) && known(message.id, then)) return;
  if (const MessagePtr said = room.history().find(message.id))
    return then(Accepted{said->id, {said->origin, said->seq, said->at}, true});
  WaitingLine line;
  line.room = &room;
  line.said = std::hash<std::string_view>{}(message.text);
  line.key_id = message.id;
  line.paid = true;
  if (checked) line.gate = gates_.size();
  line.message = std::move(message);
  line.message.channel = room.channel().id;
  line.message.channel_name = room.channel().name;
  line.message.roles = room.roles_of(line.message.author);
  line.message.emotes = room.emotes_in(line.message.text, line.message.author.id, counted_bits(line.message));
  line.answers.push_back(std::move(then));
  const auto waiting = std::make_shared<WaitingLine>(std::move(line));
  waiting_.add(waiting);
  ask_gates(waiting);
}

}  // namespace sluice::chat
