#pragma once
// StoreDirectory: chat's questions, asked of the store on a net::Offload. Channels that were found are
// remembered for a minute.
#include <map>
#include <string>

#include "base/clock.hpp"
#include "chat/directory.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class StoreDirectory final : public chat::Directory {
 public:
  // All outlive it; answers come on the loop's thread.
  StoreDirectory(store::Store& store, net::Offload& offload, Clock& clock)
      : store_(store), offload_(offload), clock_(clock) {}

  void find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) override;
  void redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) override;
  void find_channel(std::string name, std::function<void(Result<chat::Channel>)> answer) override;

 private:
  struct Known {
    chat::Channel channel;
    Steady until;
  };
  store::Store& store_;
  net::Offload& offload_;
  Clock& clock_;
  std::map<std::string, Known> known_;
};

chat::Channel to_chat(const store::Channel& channel);

}  // namespace sluice::chatd
