#pragma once
// A platform that does what moderation asks of it, and remembers what that was.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/acts.hpp"

namespace sluice::chat {

struct FakeActs : Acts {
  std::vector<std::string> asked;  // "ban 1 bob@192.0.2.1 cyd a reason 600"
  std::string context;             // of the last
  std::optional<Error> error;      // of every call
  bool changed = true;
  Lifted lifted = Lifted::ban;

  void ban(Order order, std::optional<seconds> duration, std::function<void(Result<>)> answer) override {
    ask("ban", order, duration ? " " + std::to_string(duration->count()) : "");
    give<void>(answer, Result<>{});
  }
  void unban(Order order, std::function<void(Result<Lifted>)> answer) override {
    ask("unban", order);
    give<Lifted>(answer, lifted);
  }
  void grant(Order order, Standing::Role, std::function<void(Result<bool>)> answer) override {
    ask("grant", order);
    give<bool>(answer, changed);
  }
  void revoke(Order order, Standing::Role, std::function<void(Result<bool>)> answer) override {
    ask("revoke", order);
    give<bool>(answer, changed);
  }
  void note(Order order, std::function<void(Result<>)> answer) override {
    ask("note", order);
    give<void>(answer, Result<>{});
  }
  std::vector<Noted> noted;
  void notes(ChannelId channel, std::string login,
             std::function<void(Result<std::vector<Noted>>)> answer) override {
    asked.push_back("notes " + std::to_string(channel.value()) + " " + login);
    give<std::vector<Noted>>(answer, noted);
  }
  void remove_note(ChannelId channel, By by, std::int64_t number,
                   std::function<void(Result<>)> answer) override {
    asked.push_back("remove-note " + where(channel, by) + " " + std::to_string(number));
    give<void>(answer, Result<>{});
  }
  std::vector<Banned> banned;
  void bans(ChannelId channel, std::function<void(Result<std::vector<Banned>>)> answer) override {
    asked.push_back("bans " + std::to_string(channel.value()));
    give<std::vector<Banned>>(answer, banned);
  }
  MessagePtr kept;  // in the archive
  void find_message(ChannelId, std::string id, std::function<void(Result<MessagePtr>)> answer) override {
    asked.push_back("find " + id);
    Result<MessagePtr> found = fail(Errc::not_found, "no such message");
    if (kept && kept->id == id) found = kept;
    give<MessagePtr>(answer, found);
  }
  std::vector<Suspect> flagged;
  void suspects(const Channel& channel, std::function<void(Result<std::vector<Suspect>>)> answer) override {
    asked.push_back("suspects " + channel.name);
    give<std::vector<Suspect>>(answer, flagged);
  }
  void clear_suspect(Order order, std::function<void(Result<bool>)> answer) override {
    ask("clear-suspect", order);
    give<bool>(answer, changed);
  }
  void remove_message(Removal removal, std::function<void(Result<>)> answer) override {
    asked.push_back("remove " + where(removal.channel, removal.by) + " " + removal.message->id +
                    (removal.reason.empty() ? "" : " " + removal.reason));
    context = removal.context;
    give<void>(answer, Result<>{});
  }
  void clear(ChannelId channel, By by, std::string reason, std::string around,
             std::function<void(Result<>)> answer) override {
    asked.push_back("clear " + where(channel, by) + (reason.empty() ? "" : " " + reason));
    context = around;
    if (clears_late) return late.push_back([this, answer] { give<void>(answer, Result<>{}); });
    give<void>(answer, Result<>{});
  }
  bool clears_late = false;
  std::vector<std::function<void()>> late;
  platform::RoomSettings settings;  // as the store has them, which rooms hear of later
  void change_settings(ChannelId channel, By by, platform::RoomSettingsPatch patch,
                       std::function<void(Result<ChangedSettings>)> answer) override {
    asked.push_back("settings " + where(channel, by) +
                    (patch.slow ? " slow=" + std::to_string(*patch.slow) : ""));
    const platform::RoomSettings before = settings;
    if (auto after = platform::apply(patch, before)) settings = *after;
    give<ChangedSettings>(answer, ChangedSettings{before, settings});
  }
  platform::AutomodSettings automod;
  void change_automod(ChannelId channel, By by, platform::AutomodPatch patch,
                      std::function<void(Result<ChangedAutomod>)> answer) override {
    asked.push_back("automod " + where(channel, by) +
                    (patch.level ? " level=" + std::to_string(*patch.level) : "") +
                    (patch.at_deadline ? " late=" + std::string(platform::name(*patch.at_deadline)) : ""));
    const platform::AutomodSettings before = automod;
    if (auto after = platform::apply(patch, before)) automod = *after;
    give<ChangedAutomod>(answer, ChangedAutomod{before, automod});
  }
  void change_evasion(ChannelId channel, By by, platform::BanEvasion action,
                      std::function<void(Result<>)> answer) override {
    asked.push_back("evasion " + where(channel, by) + " " + std::string(platform::name(action)));
    give<void>(answer, Result<>{});
  }
  void policy(ChannelId channel, std::function<void(Result<RoomPolicy>)> answer) override {
    asked.push_back("policy " + std::to_string(channel.value()));
    give<RoomPolicy>(answer, RoomPolicy{settings, automod, {}});
  }

  ChangedWords changed_words{.added = 1, .entries = 1};
  std::vector<RoomWord> listed;
  std::vector<SharedList> lists;
  void change_words(WordChange change, std::function<void(Result<ChangedWords>)> answer) override {
    asked.push_back((change.drop ? "drop " : "put ") + where(change.channel, change.by) + " [" + change.list +
                    "] " + change.entry);
    give<ChangedWords>(answer, changed_words);
  }
  void words(ChannelId channel, std::string list, std::string part,
             std::function<void(Result<std::vector<RoomWord>>)> answer) override {
    asked.push_back("words " + std::to_string(channel.value()) + " [" + list + "]" +
                    (part.empty() ? "" : " " + part));
    give<std::vector<RoomWord>>(answer, listed);
  }
  void word_lists(ChannelId channel, std::function<void(Result<std::vector<SharedList>>)> answer) override {
    asked.push_back("lists " + std::to_string(channel.value()));
    give<std::vector<SharedList>>(answer, lists);
  }
  void add_word_list(By by, std::string name, std::function<void(Result<>)> answer) override {
    asked.push_back("add-list " + by.user.login + "@" + by.address + " " + name);
    give<void>(answer, Result<>{});
  }
  void remove_word_list(By by, std::string name, std::function<void(Result<>)> answer) override {
    asked.push_back("remove-list " + by.user.login + "@" + by.address + " " + name);
    give<void>(answer, Result<>{});
  }
  void subscribe(ChannelId channel, By by, std::string list, bool holds,
                 std::function<void(Result<bool>)> answer) override {
    asked.push_back((holds ? "subscribe " : "unsubscribe ") + where(channel, by) + " " + list);
    give<bool>(answer, changed);
  }

  bool shown = true;
  void rule(Ruling ruling, std::function<void(Result<bool>)> answer) override {
    asked.push_back("rule " + where(ruling.channel, ruling.by) + " " + ruling.id +
                    (ruling.allow ? " allow" : " deny") + (ruling.reason.empty() ? "" : " " + ruling.reason));
    give<bool>(answer, shown);
  }
  std::vector<Held> waiting;
  void held(const Channel& channel, std::function<void(Result<std::vector<Held>>)> answer) override {
    asked.push_back("held " + channel.name);
    give<std::vector<Held>>(answer, waiting);
  }
  void set_color(By by, std::string color, std::function<void(Result<>)> answer) override {
    asked.push_back("color " + by.user.login + " " + color);
    give<void>(answer, Result<>{});
  }

 private:
  static std::string where(ChannelId channel, const By& by) {
    return std::to_string(channel.value()) + " " + by.user.login + "@" + by.address;
  }
  void ask(const std::string& what, const Order& order, const std::string& more = {}) {
    context = order.context;
    asked.push_back(what + " " + where(order.channel, order.by) + " " + order.login +
                    (order.reason.empty() ? "" : " " + order.reason) + more);
  }
  template <class T>
  void give(const std::function<void(Result<T>)>& answer, Result<T> result) {
    answer(error ? Result<T>(std::unexpected(*error)) : std::move(result));
  }
};

}  // namespace sluice::chat
