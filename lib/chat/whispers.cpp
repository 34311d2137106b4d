#include "chat/whispers.hpp"

#include <algorithm>

#include "chat/irc_tags.hpp"
#include "chat/json_object.hpp"
#include "irc/message.hpp"

namespace sluice::chat {

void write_whisper(std::string& out, const IrcStyle& style, const Whisper& whisper,
                   std::span<const Badge> badges) {
  irc::LineWriter line(out);
  const User& from = whisper.from;
  if (style.tags) {
    const auto [low, high] = std::minmax(from.id.value(), whisper.to.id.value());
    line.tag("badges", badge_list(badges)).tag("color", from.color).tag("display-name", from.name);
    line.tag("emotes", emote_list(whisper.emotes)).tag("message-id", whisper.id);
    line.tag("thread-id", number(low) + "_" + number(high)).tag("turbo", turbo_flag(badges));
    line.tag("user-id", number(from.id.value())).tag("user-type", "");
  }
  const std::string host(style.host);
  line.prefix(from.login + "!" + from.login + "@" + from.login + "." + host)
      .command("WHISPER")
      .param(whisper.to.login)
      .trailing(whisper.text)
      .end();
}

void write_whisper_object(std::string& out, const Whisper& whisper) {
  JsonObject object(out);
  object.text("type", "whisper").text("id", whisper.id).time("at", whisper.at);
  append_user(object.member("user"), whisper.from);
  if (!whisper.from.color.empty()) object.text("color", whisper.from.color);
  object.text("text", whisper.text);
  if (!whisper.emotes.empty()) append_emotes(object.member("emotes"), whisper.emotes);
}

WhisperLimits::Verdict WhisperLimits::ask(UserId from, Steady now) {
  if (seconds_.take(from, per_second, now)) return Verdict::too_many_a_second;
  if (minutes_.take(from, per_minute, now)) return Verdict::too_many_a_minute;
  return Verdict::good;
}

WhisperLimits::Verdict WhisperLimits::reach(UserId from, UserId to, Steady now) {
  People& people = people_[from];
  if (people.whom.empty() || people.since + day <= now) people = {now, {}};
  if (!people.whom.contains(to) && people.whom.size() >= people_a_day) return Verdict::too_many_people;
  people.whom.insert(to);
  return Verdict::good;
}

void WhisperLimits::forget_idle(Steady now) {
  seconds_.forget_idle(per_second, now);
  minutes_.forget_idle(per_minute, now);
  std::erase_if(people_, [&](const auto& entry) { return entry.second.since + day <= now; });
}

}  // namespace sluice::chat
