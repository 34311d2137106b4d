#include "talk.hpp"

#include <algorithm>

#include "deliveries.hpp"
#include "sockets.hpp"

namespace chat_load {

namespace {
template <class Choices>
auto take_turn(const Choices& choices, int number) {
  return choices[static_cast<std::size_t>(number) % choices.size()];
}

// Of nobody: chatd's anonymous readers are called so, and to other servers it is a name like any other.
std::string nick(int number) {
  return "justinfan" + std::to_string(number + 1);
}

std::string irc_hello(int number) {
  return "NICK " + nick(number) + "\r\nUSER " + nick(number) + " 0 * :reader\r\n";
}

const std::string joined = " 366 ", welcomed = " 376 ";
constexpr int first_sender = 1'000'000;  // of the numbers that names are made of

std::string redis_command(std::initializer_list<std::string> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return out;
}

Step upgrade(const std::string& path, std::string until) {
  return {"GET " + path +
              " HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nUpgrade: websocket\r\nConnection: "
              "Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          std::move(until)};
}

bool says_irc(const Options& options) {
  return options.senders_speak_irc || options.wire == Wire::irc_tcp || options.wire == Wire::irc_ws;
}
}  // namespace

Way member_way(const Options& options, int room, int number) {
  const std::string name = room_name(options, room);
  const int port = take_turn(options.ports, number);
  switch (options.wire) {
    case Wire::irc_tcp:
      return {port, {{irc_hello(number), welcomed}, {"JOIN #" + name + "\r\n", joined}}};
    case Wire::irc_ws:  // a frame a line: not every server reads more
      return {port,
              {upgrade("/", "\r\n\r\n"),
               {frame("NICK " + nick(number)), ""},
               {frame("USER " + nick(number) + " 0 * :reader"), welcomed},
               {frame("JOIN #" + name), joined}}};
    case Wire::json:
      return {port,
              {upgrade("/json", "\"hello\""),
               {frame(R"({"type":"join","channel":")" + name + R"(","history":0})"), "\"joined\""}}};
    case Wire::peer_ws:
      return {port, {upgrade("/" + name, "joined")}};
    case Wire::redis:
      return {port, {{redis_command({"SUBSCRIBE", name}), ":1\r\n"}}};
    case Wire::lines:
      break;
  }
  return {port, {{"JOIN " + name + "\n", "joined\n"}}};
}

Way sender_way(const Options& options, int room, int number) {
  const std::string name = room_name(options, room);
  if (options.senders_speak_irc || options.wire == Wire::irc_tcp) {
    const int port = take_turn(options.speak_ports, number);
    if (!options.accounts
             .empty()) {  // only chatd lets speak who has not come in; it knows its senders by their tokens
      const auto [login, token] = take_turn(options.accounts, number);
      return {port, {{"PASS oauth:" + token + "\r\nNICK " + login + "\r\n", welcomed}}};
    }
    return {port, {{irc_hello(first_sender + number), welcomed}, {"JOIN #" + name + "\r\n", joined}}};
  }
  if (options.wire == Wire::irc_ws) return member_way(options, room, first_sender + number);
  const int port = take_turn(options.ports, number);
  if (options.wire == Wire::peer_ws) return {port, {upgrade("/" + name + "?say", "joined")}};
  return {port, {}};
}

std::string say(const Options& options, int room, const std::string& text) {
  const std::string name = room_name(options, room);
  if (says_irc(options)) {
    const std::string line = "PRIVMSG #" + name + " :" + text;
    return options.wire == Wire::irc_ws && !options.senders_speak_irc ? frame(line) : line + "\r\n";
  }
  if (options.wire == Wire::redis) return redis_command({"PUBLISH", name, text});
  if (options.wire == Wire::peer_ws) return frame(text);
  return "SAY " + name + " " + text + "\n";
}

// The bytes of `:ada!ada@ada.tmi.twitch.tv PRIVMSG #room0 :`, CR and LF, of which other wires have as many
// more.
std::size_t text_bytes(const Options& options, int room) {
  const std::size_t head = says_irc(options) ? 40 + room_name(options, room).size() : 0;
  return std::max<std::size_t>(
      Mark::size, static_cast<std::size_t>(options.line_bytes) - std::min<std::size_t>(head, 80));
}

std::string sign_of_life(const Options& options) {
  switch (options.wire) {
    case Wire::irc_tcp:
      return "PONG :tmi.twitch.tv\r\n";
    case Wire::irc_ws:
    case Wire::json:
      return std::string("\x8a\x80\0\0\0\0", 6);  // an unasked pong (RFC 6455 5.5.3)
    default:
      return {};
  }
}

}  // namespace chat_load
