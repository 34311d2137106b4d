#include "chat/refusal.hpp"

#include "chat/slash_command.hpp"
#include "platform/bits.hpp"

namespace sluice::chat {

namespace {
RefusalWords words_for_followers(const Refusal& refusal) {
  const std::string span = span_text(std::chrono::floor<seconds>(refusal.window));
  if (refusal.window.count() == 0)
    return {ErrorCode::followers_only, "msg_followersonly_zero",
            "This room is in followers-only mode. Follow " + refusal.detail + " to talk here."};
  if (!refusal.followed)
    return {ErrorCode::followers_only, "msg_followersonly",
            "This room is in " + span + " followers-only mode. Follow " + refusal.detail +
                ", and talk here after that time."};
  return {ErrorCode::followers_only, "msg_followersonly_followed",
          "This room is in " + span + " followers-only mode. You have followed " + refusal.detail + " for " +
              span_text(std::chrono::floor<seconds>(*refusal.followed)) + " so far."};
}
}  // namespace

RefusalWords words_for(const Refusal& refusal) {
  const auto wait = [&] {
    const auto up = std::chrono::ceil<seconds>(refusal.retry_after.value_or(milliseconds(0))).count();
    return std::to_string(up) + (up == 1 ? " second." : " seconds.");
  };
  switch (refusal.reason) {
    case Reason::banned:
      return {ErrorCode::banned, "msg_banned",
              "You are permanently banned from talking in " + refusal.detail + "."};
    case Reason::timed_out:
      return {ErrorCode::timed_out, "msg_timedout", "You are timed out for " + wait()};
    case Reason::empty:
      return {ErrorCode::empty, "msg_bad_characters",
              "Your message was not sent: nothing is left of its text."};
    case Reason::too_long:
      return {ErrorCode::too_long, "msg_rejected_mandatory",
              "Your message was not sent: it is longer than 500 characters."};
    case Reason::unknown_command:
      return {ErrorCode::unknown_command, "unrecognized_cmd", "Unrecognized command: /" + refusal.detail};
    case Reason::rate_limited:
      return {ErrorCode::rate_limited, "msg_ratelimit",
              "Your message was not sent because you are sending messages too quickly."};
    case Reason::repeated:
      return {ErrorCode::identical, "msg_duplicate",
              "Your message was not sent because it is identical to the previous one you sent, less than " +
                  std::to_string(std::chrono::ceil<seconds>(refusal.window).count()) + " seconds ago."};
    case Reason::slow_mode:
      return {ErrorCode::slow_mode, "msg_slowmode",
              "This room is in slow mode and you are sending messages too quickly. You will be able to talk "
              "again in " +
                  wait()};
    case Reason::subs_only:
      return {ErrorCode::subs_only, "msg_subsonly", "This room is in subscribers-only mode."};
    case Reason::followers_only:
      return words_for_followers(refusal);
    case Reason::emote_only:
      return {ErrorCode::emote_only, "msg_emoteonly", "This room is in emote-only mode."};
    case Reason::unique:
      return {ErrorCode::unique, "msg_r9k",
              "This room is in unique-chat mode and the message you attempted to send is not unique."};
    case Reason::busy:
      return {ErrorCode::busy, "msg_ratelimit",
              "Your message was not sent: too many messages of " +
                  (refusal.detail.empty() ? "yours" : refusal.detail) +
                  " are being checked. Try again in a moment."};
    case Reason::on_its_way:
      return {ErrorCode::busy, "msg_ratelimit",
              "Your message was not sent again: it has been sent before, or is just being sent by another "
              "connection."};
    case Reason::held:
      return {ErrorCode::held, "msg_rejected",
              "Your message is being checked by mods and has not been sent."};
    case Reason::rejected:
      return {ErrorCode::rejected, "msg_rejected_mandatory",
              "Your message wasn't posted due to conflicts with the channel's moderation settings."};
    case Reason::unavailable:
      return {ErrorCode::unavailable, "msg_rejected",
              "Your message was not sent: it is to be checked by mods and could not be kept for them. Try "
              "again in a moment."};
    case Reason::not_enough_bits:
      return {ErrorCode::not_enough_bits, "cheer_not_enough_bits",
              "Your message was not sent: you have fewer bits than it cheers with. None were taken."};
    case Reason::too_many_bits:
      return {ErrorCode::too_many_bits, "cheer_too_many_bits",
              "Your message was not sent: one message cheers with up to " +
                  std::to_string(platform::most_bits) + " bits."};
    case Reason::no_cheer:
      return {ErrorCode::no_cheer, "",
              "Your message was not sent: only a message with a cheer word can be anonymous."};
    case Reason::not_paid:
      return {ErrorCode::unavailable, "msg_rejected",
              "Your message was not sent: its bits could not be paid just now. Try again in a moment."};
  }
  return {};
}

}  // namespace sluice::chat
