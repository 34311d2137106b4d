#pragma once
// Session: the server's side of one IRC connection in the Twitch dialect. Bytes in → commands out, with the
// lines that answer capabilities, registration and PING. It knows no rooms, no users, no sockets and no
// clock: login is decided by the caller (accept or refuse), and until then what the client sends is held
// back.
//
// What clients were seen to do (chat-and-events-wire.md): neither CAP END nor USER need come; NICK registers
// once PASS is there or the nick is anonymous; PASS may follow NICK; CAP LS 302 comes first from some.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "irc/line.hpp"
#include "irc/message.hpp"

namespace sluice::irc {

struct Capabilities {
  bool tags = false;        // twitch.tv/tags
  bool commands = false;    // twitch.tv/commands
  bool membership = false;  // twitch.tv/membership
};

struct Login {
  std::string nick;   // lower-case
  std::string token;  // without "oauth:"; empty for anonymous readers
  bool anonymous = false;
};
struct Join {
  std::string channel;  // lower-case, without '#'
};
struct Part {
  std::string channel;
};
struct Say {
  std::string channel;
  std::string text;          // as sent
  std::string client_nonce;  // up to 64 printable ASCII characters; empty when none, or another
  std::string reply_to;      // message id; empty when none
};
struct Quit {
  std::string why;  // for the log: what the client said, or which limit it broke
};
using Command = std::variant<Login, Join, Part, Say, Quit>;

bool is_login_name(std::string_view name);      // [a-z0-9_]{1,25}
bool is_anonymous_nick(std::string_view nick);  // justinfan and digits

class Session {
 public:
  explicit Session(std::string host = "tmi.twitch.tv") : host_(std::move(host)) {}

  // Feeds bytes. Answers are appended to `out`, decisions for the caller to `commands`. After a Login nothing
  // more is read until accept() or refuse(); more than 16 KB held back ends in Quit.
  void feed(ByteView bytes, std::vector<Command>& commands, std::string& out);
  void end_of_message(std::vector<Command>& commands,
                      std::string& out);  // a WebSocket message ended: so does its line

  // Logged in under `nick`: writes the welcome and reads on.
  void accept(std::string_view nick, std::vector<Command>& commands, std::string& out);
  // "Login authentication failed" and the like; the caller closes.
  void refuse(std::string_view reason, std::string& out);

  bool registered() const { return state_ == State::registered; }
  const Capabilities& capabilities() const { return capabilities_; }
  const std::string& nick() const { return nick_; }
  const std::string& host() const { return host_; }

 private:
  enum class State : std::uint8_t { registering, deciding, registered, closed };
  void read(std::vector<Command>& commands, std::string& out);
  void take(const Message& message, std::vector<Command>& commands, std::string& out);
  void take_capability(const Message& message, std::string& out);
  void take_ping(const Message& message, std::string& out) const;
  void take_registration(const Message& message, std::vector<Command>& commands, std::string& out);
  void take_command(const Message& message, std::vector<Command>& commands, std::string& out);
  void take_channels(const Message& message, std::vector<Command>& commands, std::string& out) const;
  void take_line(const Message& message, std::vector<Command>& commands, std::string& out) const;
  void quit(std::string why, std::vector<Command>& commands);
  void notice(std::string_view text, std::string& out) const;
  void numeric(std::string_view number, std::string_view text, std::string& out) const;
  void numeric(std::string_view number, std::string_view about, std::string_view text,
               std::string& out) const;
  std::string_view addressee() const { return registered() ? std::string_view(nick_) : "*"; }

  std::string host_;
  LineSplitter lines_;
  State state_ = State::registering;
  Capabilities capabilities_;
  std::string nick_;
  std::string pass_;
  bool pass_given_ = false;
};

}  // namespace sluice::irc
