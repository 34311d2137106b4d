#pragma once
// StoreDirectory: chat's questions, asked of the store on a net::Offload. A channel that is found has its
// room open, with its standing and who has spoken there.
#include <string>

#include "chat/directory.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "news.hpp"
#include "spoken.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class StoreDirectory final : public chat::Directory {
 public:
  // All outlive it; answers come on the loop's thread.
  StoreDirectory(store::Store& store, net::Offload& offload, chat::Rooms& rooms, const News& news,
                 Spoken& spoken)
      : store_(store), offload_(offload), rooms_(rooms), news_(news), spoken_(spoken) {}

  void find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) override;
  void find_user(std::string login, std::function<void(Result<chat::User>)> answer) override;
  void redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) override;
  void find_channel(std::string name, std::function<void(Result<chat::Channel>)> answer) override;

 private:
  void answer_with(const chat::Channel& channel, std::function<void(Result<chat::Channel>)> answer);

  store::Store& store_;
  net::Offload& offload_;
  chat::Rooms& rooms_;
  const News& news_;
  Spoken& spoken_;
};

chat::Channel to_chat(const store::Channel& channel);
chat::User to_chat(const store::User& user);
// What the store knows of the channel's room.
Result<chat::Standing> read_standing(store::Store& store, ChannelId channel);

}  // namespace sluice::chatd
