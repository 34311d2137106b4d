#pragma once
// StoreActs: moderation's acts carried out in the store, on a net::Offload. Their effect on rooms comes by
// the event log (news.hpp), and who asked is answered when it has come. Words are store_acts_words.cpp's.
#include <functional>
#include <map>
#include <vector>

#include "archivist.hpp"
#include "chat/acts.hpp"
#include "log/log.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class StoreActs final : public chat::Acts {
 public:
  // Both outlive it; answers come on the loop's thread.
  StoreActs(store::Store& store, net::Offload& offload) : store_(store), offload_(offload) {}

  void ban(chat::Order order, std::optional<seconds> duration, std::function<void(Result<>)> answer) override;
  void unban(chat::Order order, std::function<void(Result<Lifted>)> answer) override;
  void grant(chat::Order order, chat::Standing::Role role, std::function<void(Result<bool>)> answer) override;
  void revoke(chat::Order order, chat::Standing::Role role,
              std::function<void(Result<bool>)> answer) override;
  void bans(ChannelId channel, std::function<void(Result<std::vector<chat::Banned>>)> answer) override;
  void note(chat::Order order, std::function<void(Result<>)> answer) override;
  void notes(ChannelId channel, std::string login,
             std::function<void(Result<std::vector<chat::Noted>>)> answer) override;
  void remove_note(ChannelId channel, chat::By by, std::int64_t number,
                   std::function<void(Result<>)> answer) override;
  void find_message(ChannelId channel, std::string id,
                    std::function<void(Result<chat::MessagePtr>)> answer) override;
  void remove_message(chat::Removal removal, std::function<void(Result<>)> answer) override;
  void clear(ChannelId channel, chat::By by, std::string reason, std::string context,
             std::function<void(Result<>)> answer) override;
  void change_settings(ChannelId channel, chat::By by, platform::RoomSettingsPatch patch,
                       std::function<void(Result<chat::ChangedSettings>)> answer) override;
  void change_automod(ChannelId channel, chat::By by, platform::AutomodPatch patch,
                      std::function<void(Result<chat::ChangedAutomod>)> answer) override;
  void change_evasion(ChannelId channel, chat::By by, platform::BanEvasion action,
                      std::function<void(Result<>)> answer) override;
  void policy(ChannelId channel, std::function<void(Result<chat::RoomPolicy>)> answer) override;
  void rule(chat::Ruling ruling, std::function<void(Result<bool>)> answer) override;
  void held(const chat::Channel& channel,
            std::function<void(Result<std::vector<chat::Held>>)> answer) override;
  void suspects(const chat::Channel& channel,
                std::function<void(Result<std::vector<chat::Suspect>>)> answer) override;
  void clear_suspect(chat::Order order, std::function<void(Result<bool>)> answer) override;
  void set_color(chat::By by, std::string color, std::function<void(Result<>)> answer) override;

  void change_words(chat::WordChange change, std::function<void(Result<chat::ChangedWords>)> answer) override;
  void words(ChannelId channel, std::string list, std::string part,
             std::function<void(Result<std::vector<chat::RoomWord>>)> answer) override;
  void word_lists(ChannelId channel,
                  std::function<void(Result<std::vector<chat::SharedList>>)> answer) override;
  void add_word_list(chat::By by, std::string name, std::function<void(Result<>)> answer) override;
  void remove_word_list(chat::By by, std::string name, std::function<void(Result<>)> answer) override;
  void subscribe(ChannelId channel, chat::By by, std::string list, bool holds,
                 std::function<void(Result<bool>)> answer) override;

  void judged(bool by_automod) { judged_ = by_automod; }  // whether words have an effect
  void look_in(Archivist& archivist) { archivist_ = &archivist; }
  void heard(store::Cursor cursor);  // the events up to it have had their effect

 private:
  // What `act` came to is answered when every event up to then has been heard.
  template <class T, class Act>
  void run(Act act, std::function<void(Result<T>)> answer);

  store::Store& store_;
  net::Offload& offload_;
  Archivist* archivist_ = nullptr;  // none: nothing is kept of what was said
  bool judged_ = true;
  store::Cursor heard_;
  std::multimap<store::Cursor, std::function<void()>> waiting_;
};

template <class T, class Act>
void StoreActs::run(Act act, std::function<void(Result<T>)> answer) {
  using Done = std::pair<Result<T>, store::Cursor>;
  offload_.run(
      [this, act = std::move(act)]() -> Done {
        Result<T> done = act();
        if (!done && (done.error().code == Errc::io || done.error().code == Errc::internal))
          log::error("the store could not do what a moderator asked for", {done.error()});
        const auto last = store_.events().last();
        return {std::move(done), last ? *last : store::Cursor()};
      },
      [this, answer = std::move(answer)](Done done) {
        if (!done.first || done.second <= heard_) return answer(std::move(done.first));
        waiting_.emplace(done.second, [answer, result = std::move(done.first)] { answer(result); });
      });
}

inline store::Actor actor_of(const chat::By& by) {
  return {by.user.id, by.user.login, by.address};
}

}  // namespace sluice::chatd
