#pragma once
// StoreDirectory: chat's questions, asked of the store on a net::Offload. A channel that is found has its
// room open, with its standing, what was said there last and who ever spoke.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chat/directory.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "news.hpp"
#include "recall.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class StoreDirectory final : public chat::Directory {
 public:
  // All outlive it; answers come on the loop's thread.
  StoreDirectory(store::Store& store, net::Offload& offload, chat::Rooms& rooms, const News& news,
                 Recall& recall, chat::MessagePath& path)
      : store_(store), offload_(offload), rooms_(rooms), news_(news), recall_(recall), path_(path) {}

  void find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) override;
  void find_user(std::string login, std::function<void(Result<chat::User>)> answer) override;
  void redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) override;
  void find_channel(std::string name, std::function<void(Result<chat::Channel>)> answer) override;

  // The channel's room, opened if the archive has anything of it; null: it has not. No answer: it has not
  // said.
  void find_spoken_in(ChannelId channel, std::function<void(chat::Room*)> answer);

 private:
  using Answer = std::function<void(Result<chat::Channel>)>;
  void open(const std::string& name);  // as it was asked for
  void stand(const std::string& name, const chat::Channel& channel,
             std::shared_ptr<const chatlog::RoomPast> past);
  void opened(const std::string& name, const Result<chat::Channel>& channel);

  store::Store& store_;
  net::Offload& offload_;
  chat::Rooms& rooms_;
  const News& news_;
  Recall& recall_;
  chat::MessagePath& path_;
  std::map<std::string, std::vector<Answer>> opening_;  // rooms, and who waits for each
};

chat::Channel to_chat(const store::Channel& channel);
chat::User to_chat(const store::User& user);
// What the store knows of the channel's room.
Result<chat::Standing> read_standing(store::Store& store, ChannelId channel);

}  // namespace sluice::chatd
