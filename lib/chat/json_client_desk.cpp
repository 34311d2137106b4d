// What pages of moderators ask about messages that are held.
#include "chat/json_client.hpp"

namespace sluice::chat {

void JsonClient::carry_out(RuleRequest rule) {
  if (!may_write_)
    return error(
        {.code = ErrorCode::not_authenticated,
         .text = user_.id.value() == 0 ? "Log in to rule on messages." : "Your token does not allow writing.",
         .channel = rule.channel,
         .key = rule.key});
  const auto place = memberships_.find(rule.channel);
  if (!place)
    return error({.code = ErrorCode::not_joined,
                  .text = "You are not in that room.",
                  .channel = rule.channel,
                  .key = rule.key});
  const auto answer = [weak = weak_from_this(), channel = rule.channel, key = rule.key](const Notice& told) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    std::string out;
    write_notice_object(out, {channel, key, told.id, told.text});
    self->outlet_.send(out);
  };
  const Room& room = *place->room;
  hall_.moderation.rule(
      room, {room.channel().id, by(user_, outlet_), std::move(rule.id), rule.allow, std::move(rule.reason)},
      answer);
}

void JsonClient::carry_out(QueueRequest queue) {
  if (user_.id.value() == 0)
    return error({.code = ErrorCode::not_authenticated,
                  .text = "Log in to see what is held.",
                  .channel = queue.channel});
  const auto place = memberships_.find(queue.channel);
  if (!place)
    return error(
        {.code = ErrorCode::not_joined, .text = "You are not in that room.", .channel = queue.channel});
  const auto answer = [weak = weak_from_this(),
                       channel = queue.channel](const std::expected<std::vector<Held>, NotShown>& held) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    if (!held) {
      const NotShown& why = held.error();
      const auto remaining = why.retry_after ? std::optional<std::uint32_t>(0) : std::nullopt;
      return self->error({.code = why.code,
                          .text = why.text,
                          .channel = channel,
                          .retry_after = why.retry_after,
                          .remaining = remaining});
    }
    std::string out;
    write_held_queue(out, channel, *held);
    self->outlet_.send(out);
  };
  hall_.moderation.queue(*place->room, by(user_, outlet_), answer);
}

}  // namespace sluice::chat
