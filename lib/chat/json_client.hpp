#pragma once
// JsonClient: one page's connection (sluice-chat(5)).
#include <memory>
#include <string>
#include <vector>

#include "chat/client.hpp"
#include "chat/json_lines.hpp"
#include "chat/json_request.hpp"

namespace sluice::chat {

class JsonClient final : public Client, public std::enable_shared_from_this<JsonClient> {
 public:
  // The outlet owns the client and outlives it.
  JsonClient(Hall& hall, Outlet& outlet) : hall_(hall), outlet_(outlet) {}
  void greet();

  void receive(ByteView message) override;
  void restart(seconds within) override;
  bool known() const override { return user_.id.value() != 0 || memberships_.size() > 0; }
  void fall_behind() override;
  void refuse_token() override;
  bool hears_whispers() const override { return true; }
  void hear(const Whisper& whisper) override;
  Origin origin() const override { return {outlet_.address(), fingerprint_}; }

 private:
  void carry_out(AuthRequest auth);
  void carry_out(JoinRequest join);
  void carry_out(LeaveRequest leave);
  void carry_out(MessageRequest message);
  void carry_out(RuleRequest rule);
  void carry_out(QueueRequest queue);
  void carry_out(PingRequest ping);
  void told(const std::string& channel, const std::string& key, const Outcome& outcome);
  void command_in(Room& room, const MessageRequest& message, std::string_view line);
  void authenticated(Result<Identity> identity);
  void enter(const Channel& channel, const JoinRequest& join);
  void answered();
  void leave(Farewell farewell, std::string_view why);
  void error(const ErrorAnswer& answer);

  Hall& hall_;
  Outlet& outlet_;
  bool may_write_ = false;
  bool waiting_ = false;  // for the directory; what comes meanwhile waits too, so that frames act in order
  std::vector<std::string> held_;
  bool closed_ = false;
  std::string fingerprint_;  // as the page says; may be empty
  Memberships memberships_;  // which borrow user_
};

}  // namespace sluice::chat
