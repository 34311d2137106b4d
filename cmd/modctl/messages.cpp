// delete and clear: what was said goes off the screens. The chat log keeps it.
#include <fmt/format.h>

#include "commands.hpp"
#include "each_line.hpp"
#include "output.hpp"
#include "surroundings.hpp"

namespace sluice::modctl {

namespace {
// Whose message it is: of the chat log, else who --author names.
Result<store::User> author_of(const app::Settings& settings, Platform& platform,
                              const std::optional<chatlog::Said>& said, const std::string& id) {
  if (said) return platform.store->users().by_id(said->message.author.id);
  if (settings.has("author")) return named_user(platform, settings.text("author"));
  return fail(Errc::not_found, fmt::format("there is no message {} in the chat log", id),
              "chatd writes it a moment after it was said; --author USER does without");
}

Result<> check_may_delete(Platform& platform, const store::Channel& channel, const store::User& author) {
  return author.id == platform.actor.user ? Result<>() : check_may_act_on(platform, channel, author);
}
}  // namespace

Result<int> delete_messages(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(auto history, open_history(platform));
  SLUICE_TRY_VALUE(const Surroundings around, Surroundings::read(platform, channel));
  const auto act = [&](const std::string& id) -> Result<Outcome> {
    SLUICE_TRY(check_message_id(id));
    std::optional<chatlog::Said> said;
    if (history) {
      SLUICE_TRY_VALUE(said, history->find(channel.id, id));
    }
    SLUICE_TRY_VALUE(const store::User author, author_of(settings, platform, said, id));
    SLUICE_TRY(check_may_delete(platform, channel, author));
    Json more{{"channel", channel.name}, {"user", author.name}};
    if (said && said->taken_off_at)
      return Outcome{fmt::format("message {} of {} was taken off already", id, author.name), more, false};
    SLUICE_TRY_VALUE(const store::AuditEntry entry, platform.store->deletions().delete_message(
                                                        channel.id, id, author.id, settings.text("reason"),
                                                        platform.actor, around.of(author.name)));
    more["audit_id"] = entry.id;
    return Outcome{fmt::format("deleted message {} of {} in {}", id, author.name, channel.name), more};
  };
  return act_on_each(settings, "message", settings.positional("MESSAGE-ID"), act);
}

Result<int> clear(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel,
                   channel_to_act_in(platform, settings.positional("CHANNEL"), Needed::moderator));
  SLUICE_TRY_VALUE(const Surroundings around, Surroundings::read(platform, channel));
  SLUICE_TRY_VALUE(
      const store::AuditEntry entry,
      platform.store->deletions().clear(channel.id, settings.text("reason"), platform.actor, around.of({})));
  tell(settings, {{"channel", channel.name}, {"result", "done"}, {"audit_id", entry.id}},
       fmt::format("cleared the chat of {}", channel.name));
  return 0;
}

}  // namespace sluice::modctl
