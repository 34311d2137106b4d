#include "chat/personal.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "chat/message_id.hpp"
#include "chat/text.hpp"

namespace sluice::chat {

namespace {
using Verdict = WhisperLimits::Verdict;

std::optional<Notice> refused_by(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      break;
    case Verdict::too_many_a_second:
      return Notice{"whisper_limit_per_sec", "You are whispering too fast. Try again in a second."};
    case Verdict::too_many_a_minute:
      return Notice{"whisper_limit_per_min", "You are whispering too much. Try again in a minute."};
    case Verdict::too_many_people:
      return Notice{"whisper_restricted", "You have whispered to as many people as you may in a day."};
  }
  return std::nullopt;
}

Notice not_here(const User& to) {
  return {"whisper_restricted_recipient",
          to.login + " is not connected here just now, and whispers are not kept."};
}

// To the connections here.
void deliver(Hall& hall, const Whisper& whisper, const Moderation::Answer& answer) {
  for (Client* client : hall.switchboard.of(whisper.to.id)) client->hear(whisper);
  answer({std::string(whisper_sent), "Whispered to " + whisper.to.login + "."});
}

bool hears(Hall& hall, UserId user) {
  return std::ranges::any_of(hall.switchboard.of(user), &Client::hears_whispers);
}

void deliver_alone(Hall& hall, const Whisper& whisper, const Moderation::Answer& answer) {
  if (!hears(hall, whisper.to.id)) return answer(not_here(whisper.to));
  const Steady now = hall.clock.steady();
  if (const auto no = refused_by(hall.whispers.reach(whisper.from.id, whisper.to.id, now)))
    return answer(*no);
  deliver(hall, whisper, answer);
}

// To whom is there; `to` is known to the platform.
void post(Hall& hall, const User& from, const User& to, const std::string& text, Moderation::Answer answer) {
  Whisper whisper{
      message_id({}, from.id, "whisper " + std::to_string(++hall.whispered) + " of " + hall.rooms.origin()),
      hall.clock.wall(),
      from,
      to,
      text,
      hall.rooms.people().emotes_in(text, from.id, {})};
  if (hall.post == nullptr) return deliver_alone(hall, whisper, answer);
  const bool here = hears(hall, to.id);
  const auto then = [&hall, whisper, answer = std::move(answer)](std::optional<WhisperPost::Told> told) {
    if (!told) return deliver_alone(hall, whisper, answer);
    switch (*told) {
      case WhisperPost::Told::told:
        return deliver(hall, whisper, answer);
      case WhisperPost::Told::nobody:
        return answer(not_here(whisper.to));
      case WhisperPost::Told::too_many_people:
        return answer(*refused_by(Verdict::too_many_people));
    }
  };
  hall.post->tell(whisper, here, then);
}

void allowed(Hall& hall, const User& from, const std::string& login, const std::string& text,
             Moderation::Answer answer) {
  hall.directory.find_user(login, [&hall, from, login, text, answer = std::move(answer)](Result<User> to) {
    if (to) return post(hall, from, *to, text, answer);
    if (to.error().code == Errc::not_found)
      return answer({"whisper_invalid_login", "There is no user called " + login + "."});
    answer({"unavailable_command", "Whispering is not possible just now. Try again in a moment."});
  });
}

void whisper(Hall& hall, const User& from, const SlashCommand& command, Moderation::Answer answer) {
  if (command.user == from.login) return answer({"whisper_invalid_self", "You cannot whisper to yourself."});
  const std::string text = read_typed("/ " + command.text).text;
  if (text.empty() || code_point_count(text) > text_limit)
    return answer(
        {"whisper_invalid_args", "A whisper has 1 to " + std::to_string(text_limit) + " characters."});
  const auto asked = [&hall, from, login = command.user, text,
                      answer = std::move(answer)](std::optional<Verdict> verdict) {
    if (!verdict) verdict = hall.whispers.ask(from.id, hall.clock.steady());
    if (const auto no = refused_by(*verdict)) return answer(*no);
    allowed(hall, from, login, text, answer);
  };
  if (hall.post != nullptr) return hall.post->ask(from.id, asked);
  asked(std::nullopt);
}
}  // namespace

bool is_personal(Act act) {
  return act == Act::whisper || act == Act::color;
}

void carry_out_personal(Hall& hall, const By& by, SlashCommand command, Moderation::Answer answer) {
  if (command.rule->act == Act::color) return hall.moderation.set_color(by, command, std::move(answer));
  whisper(hall, by.user, command, std::move(answer));
}

}  // namespace sluice::chat
