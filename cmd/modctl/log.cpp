// log: what was said in a channel, as automod reads it (sluice-automod(5)): from the chat log, with what was
// blocked, and what was held and never said, at its own place.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <unordered_map>

#include <fmt/format.h>

#include "chat/automod_lines.hpp"
#include "chat/held.hpp"
#include "commands.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
constexpr std::int64_t first_second = 0, last_second = 253'402'300'800'000;  // of the years 1970 to 9999

struct Wanted {
  std::optional<Wall> from, until;
  std::optional<UserId> user;
  bool shown_only = false;

  bool takes(UserId author) const { return !user || *user == author; }
  bool takes(Wall at) const { return (!from || at >= *from) && (!until || at < *until); }
};

// What AutoMod thought of it, as automod --diff reads it, and the roles that it thought so with: its author
// may have others by the time that it is said. Of what was held by an older chatd they are not known.
void put_verdict(Json& line, const store::HeldMessage& held) {
  const auto whole = chat::unpack_held(held.whole);
  if (whole && whole->knows_roles) line["roles"] = chat::role_names(whole->message.roles);
  line["verdict"] = "hold";
  line["held"] = {{"reason", held.reason},
                  {"category", held.category},
                  {"level", held.level},
                  {"state", store::name(held.state)}};
}

Json line_of(const chat::Message& message) {
  Json line{{"id", message.id},
            {"at", format_rfc3339(message.at)},
            {"channel", message.channel_name},
            {"user",
             {{"id", id_text(message.author.id.value())},
              {"login", message.author.login},
              {"name", message.author.name}}},
            {"roles", chat::role_names(message.roles)},
            {"text", message.text}};
  if (message.action) line["action"] = true;
  if (message.reply) line["reply_to"] = message.reply->id;
  return line;
}

Json line_of(const chatlog::Said& said) {
  Json line = line_of(said.message);
  if (said.taken_off_at) line["taken_off_at"] = format_rfc3339(*said.taken_off_at);
  return line;
}

Json line_of(const chatlog::Blocked& blocked) {
  Json line = line_of(blocked.message);
  line["verdict"] = "block";
  line["blocked"] = json_of(blocked.verdict);
  return line;
}

Json line_of(const store::Channel& channel, const store::HeldMessage& held) {
  auto whole = chat::unpack_held(held.whole);
  chat::Message message = whole ? std::move(whole->message) : chat::Message();
  message.id = held.id;
  message.at = held.held_at;
  message.channel_name = channel.name;
  message.author = {held.user, held.user_name, held.user_display_name, {}};
  message.text = held.text;
  Json line = line_of(message);
  put_verdict(line, held);
  return line;
}

// All that was ever held in the channel: one that was allowed is said later than it was held.
Result<std::vector<store::HeldMessage>> all_held(Platform& platform, const store::Channel& channel,
                                                 const Wanted& wanted) {
  std::vector<store::HeldMessage> held;
  const Wall until = wanted.until.value_or(Wall(milliseconds(last_second)));
  for (;;) {
    const std::int64_t last = held.empty() ? 0 : held.back().number;
    SLUICE_TRY_VALUE(auto some,
                     platform.store->held_messages().of_channel(
                         channel.id, UserId(), Wall(milliseconds(first_second)), until, last, page));
    std::ranges::move(some, std::back_inserter(held));
    if (some.size() < page) return held;
  }
}

// What was blocked, a page at a time.
class BlockedLines {
 public:
  BlockedLines(chatlog::Reader& history, ChannelId channel, const Wanted& wanted)
      : history_(history), filter_{.channel = channel, .user = wanted.user.value_or(UserId())} {
    if (wanted.from) filter_.from = *wanted.from;
    if (wanted.until) filter_.until = *wanted.until;
    ended_ = wanted.shown_only;
  }

  // The next one; null: there are no more.
  Result<const chatlog::Blocked*> front() {
    if (lines_.empty() && !ended_) {
      SLUICE_TRY_VALUE(auto some, history_.blocked(filter_, page));
      ended_ = some.size() < page;
      if (!some.empty()) filter_.after = some.back().number;
      std::ranges::move(some, std::back_inserter(lines_));
    }
    return lines_.empty() ? nullptr : &lines_.front();
  }
  void pop() { lines_.pop_front(); }

 private:
  chatlog::Reader& history_;
  chatlog::BlockedFilter filter_;
  std::deque<chatlog::Blocked> lines_;
  bool ended_ = false;
};

class Log {
 public:
  Log(const store::Channel& channel, const Wanted& wanted, const std::vector<store::HeldMessage>& held,
      chatlog::Reader& history)
      : channel_(channel),
        wanted_(wanted),
        held_(held),
        history_(history),
        blocked_(history, channel.id, wanted) {
    for (const store::HeldMessage& message : held) by_id_.emplace(message.id, &message);
  }

  Result<> print() {
    for (std::int64_t row = 0;;) {
      SLUICE_TRY_VALUE(const auto some,
                       history_.between(channel_.id, wanted_.from, wanted_.until, row, page));
      for (const chatlog::Said& said : some) {
        SLUICE_TRY(print_unsaid_before(said.message.at));
        print(said);
      }
      if (some.size() < page) break;
      row = some.back().row;
    }
    return print_unsaid_before(Wall::max());
  }

 private:
  void print(const chatlog::Said& said) {
    if (!wanted_.takes(said.message.author.id) || (wanted_.shown_only && said.taken_off_at)) return;
    Json line = line_of(said);
    if (const auto held = by_id_.find(said.message.id); held != by_id_.end())
      put_verdict(line, *held->second);
    print_json(line);
  }

  Result<> print_unsaid_before(Wall at) {
    for (;;) {
      SLUICE_TRY_VALUE(const chatlog::Blocked* blocked, blocked_.front());
      if (blocked == nullptr || blocked->message.at >= at) break;
      SLUICE_TRY(print_held_before(blocked->message.at));
      print_json(line_of(*blocked));
      blocked_.pop();
    }
    return print_held_before(at);
  }

  // What was allowed is in the chat log, at the time when it was said; not when it never was: its author was
  // banned before, or chatd was away for too long.
  Result<> print_held_before(Wall at) {
    for (; next_ < held_.size() && held_[next_].held_at < at; ++next_) {
      const store::HeldMessage& held = held_[next_];
      if (wanted_.shown_only || !wanted_.takes(held.user) || !wanted_.takes(held.held_at)) continue;
      if (held.state == store::HeldState::allowed) {
        SLUICE_TRY_VALUE(const auto said, history_.find(channel_.id, held.id));
        if (said) continue;
      }
      print_json(line_of(channel_, held));
    }
    return {};
  }

  const store::Channel& channel_;
  const Wanted& wanted_;
  const std::vector<store::HeldMessage>& held_;
  chatlog::Reader& history_;
  BlockedLines blocked_;
  std::unordered_map<std::string_view, const store::HeldMessage*> by_id_;
  std::size_t next_ = 0;  // of held_
};

Result<Wanted> wanted_of(const app::Settings& settings, Platform& platform) {
  Wanted wanted{.shown_only = settings.flag("shown")};
  SLUICE_TRY_VALUE(wanted.from, moment(settings, "since"));
  SLUICE_TRY_VALUE(wanted.until, moment(settings, "until"));
  if (settings.has("user")) {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.text("user")));
    wanted.user = user.id;
  }
  return wanted;
}
}  // namespace

Result<int> log(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.positional("CHANNEL")));
  SLUICE_TRY_VALUE(const Wanted wanted, wanted_of(settings, platform));
  SLUICE_TRY_VALUE(auto history, open_history(platform));
  if (!history)
    return fail(Errc::not_found,
                platform.history.empty() ? "--history none: there is no chat log to print"
                                         : "there is no chat log " + platform.history,
                "chatd keeps it in DIR/chat.db, or where its --history says");
  SLUICE_TRY_VALUE(const auto held, all_held(platform, channel, wanted));
  SLUICE_TRY(Log(channel, wanted, held, *history).print());
  return 0;
}

}  // namespace sluice::modctl
