#pragma once
// ControlActs: slash commands by the control socket, in the name of a user. Who may write to the socket is
// trusted to say whose; what that user may do is Moderation's to say, as in chat.
#include <functional>
#include <string>

#include "chat/directory.hpp"
#include "chat/moderation.hpp"
#include "chat/rooms.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"

namespace sluice::chatd {

class ControlActs {
 public:
  // All outlive it.
  ControlActs(store::Store& store, net::Offload& offload, chat::Directory& directory, chat::Rooms& rooms,
              chat::Moderation& moderation)
      : store_(store), offload_(offload), directory_(directory), rooms_(rooms), moderation_(moderation) {}

  // {"channel":"demo","as":"ada","line":"/timeout bob 10m spam"} → {"notice":ID,"text":…}, the notice that an
  // IRC client would get, when every client has been told; {"notice":null} where the room alone shows it.
  // What was refused is an error with its notice.
  void take(const std::string& request_json, std::function<void(std::string)> reply);

 private:
  struct Request;
  void carry_out(const Request& request, const chat::By& by, std::function<void(std::string)> reply);

  store::Store& store_;
  net::Offload& offload_;
  chat::Directory& directory_;
  chat::Rooms& rooms_;
  chat::Moderation& moderation_;
};

}  // namespace sluice::chatd
