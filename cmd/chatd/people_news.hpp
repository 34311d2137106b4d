#pragma once
// PeopleNews: what the platform's event log (sluice-events(5)) tells of followers, subscribers, emotes and
// how people look: to what this node knows of them, to who is connected, and to the rooms, where it is a
// line.
#include <nlohmann/json_fwd.hpp>

#include "chat/client.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class PeopleNews {
 public:
  // All outlive it.
  PeopleNews(net::Loop& loop, net::Offload& offload, store::Store& store, chat::Hall& hall)
      : offload_(offload), store_(store), hall_(hall), rhythm_(loop) {}

  // Emotes and who was granted them, Turbo and Prime, subscriptions and what was cheered, as they are now,
  // before anybody comes in.
  Result<> load();
  // From now on subscriptions that have expired are told as such in the log, by whichever node finds them.
  void begin();
  void take(const store::Event& event);

 private:
  void tell_room(const store::Event& event, const nlohmann::json& payload);
  void end_lapsed();

  net::Offload& offload_;
  store::Store& store_;
  chat::Hall& hall_;
  net::Timer rhythm_;
};

}  // namespace sluice::chatd
