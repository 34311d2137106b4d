#include "surroundings.hpp"

namespace sluice::modctl {

namespace {
constexpr std::size_t most_messages = 20;    // as chat's
constexpr std::size_t messages_read = 1000;  // of the channel

app::Json said_json(const chatlog::Said& said) {
  const chat::Message& message = said.message;
  app::Json object{{"id", message.id},
                   {"at", message.at.time_since_epoch().count()},
                   {"login", message.author.login},
                   {"text", message.text}};
  if (said.taken_off_at) object["taken_off"] = true;
  return object;
}

void keep_last(std::deque<app::Json>& messages, const app::Json& message) {
  messages.push_back(message);
  if (messages.size() > most_messages) messages.pop_front();
}
}  // namespace

app::Json json_of(const platform::RoomSettings& settings) {
  return {{"emote_only", settings.emote_only},
          {"followers_only", settings.followers_only},
          {"unique", settings.unique},
          {"slow", settings.slow},
          {"subs_only", settings.subs_only}};
}

Result<Surroundings> Surroundings::read(Platform& platform, const store::Channel& channel) {
  Surroundings around;
  SLUICE_TRY_VALUE(const platform::RoomSettings settings, platform.store->rooms().settings(channel.id));
  around.settings_ = json_of(settings);
  SLUICE_TRY_VALUE(auto history, open_history(platform));
  if (!history) return around;
  SLUICE_TRY_VALUE(const auto messages, history->until(channel.id, Wall::max(), messages_read));
  for (const chatlog::Said& said : messages) {
    const app::Json message = said_json(said);
    keep_last(around.last_, message);
    keep_last(around.by_login_[said.message.author.login], message);
  }
  return around;
}

std::string Surroundings::of(const std::string& login) const {
  app::Json messages = app::Json::array();
  const auto theirs = by_login_.find(login);
  if (login.empty()) {
    messages = last_;
  } else if (theirs != by_login_.end()) {
    messages = theirs->second;
  }
  return app::Json{{"settings", settings_}, {"messages", messages}}.dump(-1, ' ', false,
                                                                         app::Json::error_handler_t::replace);
}

}  // namespace sluice::modctl
