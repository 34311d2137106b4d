#pragma once
// StoreActs: moderation's acts carried out in the store, on a net::Offload. Their effect on rooms comes by
// the event log (news.hpp), and who asked is answered when it has come.
#include <functional>
#include <map>
#include <vector>

#include "archivist.hpp"
#include "chat/acts.hpp"
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
  void note(chat::Order order, std::function<void(Result<>)> answer) override;
  void find_message(ChannelId channel, std::string id,
                    std::function<void(Result<chat::MessagePtr>)> answer) override;
  void remove_message(chat::Removal removal, std::function<void(Result<>)> answer) override;
  void clear(ChannelId channel, chat::By by, std::string context,
             std::function<void(Result<>)> answer) override;
  void change_settings(ChannelId channel, chat::By by, platform::RoomSettingsPatch patch,
                       std::function<void(Result<chat::ChangedSettings>)> answer) override;
  void rule(chat::Ruling ruling, std::function<void(Result<>)> answer) override;
  void held(const chat::Channel& channel,
            std::function<void(Result<std::vector<chat::Held>>)> answer) override;
  void suspects(const chat::Channel& channel,
                std::function<void(Result<std::vector<chat::Suspect>>)> answer) override;
  void clear_suspect(chat::Order order, std::function<void(Result<bool>)> answer) override;
  void set_color(chat::By by, std::string color, std::function<void(Result<>)> answer) override;

  void look_in(Archivist& archivist) { archivist_ = &archivist; }
  void heard(store::Cursor cursor);  // the events up to it have had their effect

 private:
  // What `act` came to is answered when every event up to then has been heard.
  template <class T, class Act>
  void run(Act act, std::function<void(Result<T>)> answer);

  store::Store& store_;
  net::Offload& offload_;
  Archivist* archivist_ = nullptr;  // none: nothing is kept of what was said
  store::Cursor heard_;
  std::multimap<store::Cursor, std::function<void()>> waiting_;
};

}  // namespace sluice::chatd
