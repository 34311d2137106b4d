#pragma once
// ServerSession's inside: session.cpp moves bytes, messages and deadlines, session_commands.cpp answers commands.
#include <string>
#include <vector>

#include "rtmp/command.hpp"
#include "rtmp/handshake.hpp"
#include "rtmp/link.hpp"
#include "rtmp/session.hpp"

namespace sluice::rtmp {

class ServerSession::Impl {
 public:
  Impl(Steady now, Random& random, const ServerConfig& config);

  void receive(ByteView bytes, Steady now);
  std::optional<Event> next_event();
  void accept();
  void reject(std::string_view code, std::string_view description);
  bool request_reconnect(std::string_view description, std::string_view tc_url);
  void tick(Steady now);
  Steady deadline() const;
  void reconfigure(const ServerConfig& config);
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

  Link link;
  std::uint64_t bytes = 0;

  bool waits() const { return asked_ != Asked::nothing; }
  bool finished() const { return finished_; }
  bool publishing() const { return publishing_stream_ != 0; }

 private:
  enum class Asked { nothing, connect, publish };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);

  void process(ByteView in);
  void take(Message message);
  void take_media(MessageType type, std::uint32_t timestamp, Message& message);
  void take_data(const Message& message);
  void take_aggregate(const Message& message);
  void take_command(const Message& message);

  void connect(const Command& command);
  void create_stream(const Command& command);
  void publish(const Command& command, std::uint32_t stream);
  void refuse_play(const Command& command, std::uint32_t stream);
  void delete_stream(const Command& command);
  void fc_unpublish(const Command& command);
  void unpublish(std::string_view by);
  void answer(const Command& command, const amf::Value& object, const std::vector<amf::Value>& arguments = {});
  void send_status(std::uint32_t stream, std::string_view level, std::string_view code, std::string_view description);

  void fail_with(Error error);
  void notice(std::string what);

  ServerConfig config_;
  ServerHandshake handshake_;
  std::vector<Event> events_;
  std::size_t next_event_ = 0;
  Bytes kept_;                            // input that waits for an answer
  Asked asked_ = Asked::nothing;
  double asked_transaction_ = 0;
  std::uint32_t asked_stream_ = 0;
  std::string app_;
  bool connected_ = false;
  bool enhanced_ = false;                 // the peer named Enhanced RTMP's fields
  std::uint32_t peer_caps_ = 0;
  std::uint32_t streams_ = 0;             // created so far
  std::uint32_t publishing_stream_ = 0;   // 0: none
  bool finished_ = false;
  unsigned notices_ = 0, commands_ = 0;

  Steady now_;
  Steady setup_until_;
  Steady heard_;                          // when the last bytes came
  Steady pongs_allowed_;                  // when pings were last allowed an answer
  bool pinged_ = false;
  bool waited_ = false;                   // silence while the peer waited for us is not its fault
};

}  // namespace sluice::rtmp
