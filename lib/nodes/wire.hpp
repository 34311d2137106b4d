#pragma once
// What chat nodes tell one another (sluice-chat-nodes(5)): one JSON object a message. No socket, no clock.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "chat/types.hpp"
#include "chat/whispers.hpp"

namespace sluice::nodes {

// Numbers of an origin, both counted in. Its messages in between are had by who names them, save single ones.
struct Range {
  std::uint64_t first = 0, last = 0;
  bool operator==(const Range&) const = default;
};

struct Said {
  chat::MessagePtr message;  // without the channel's name
  bool removed = false;      // a moderator took it off the screens
};
struct Heads {
  struct Room {
    ChannelId channel;
    std::uint64_t viewers = 0;
    std::map<std::string, Range> origins;  // what the sender has
  };
  std::string from;         // the sender's origin
  std::string name;         // its instance, for people
  bool asks = false;        // who hears it answers with its own of the same rooms
  std::vector<Room> rooms;  // none: a sign of life
  Wall born{};              // when its run began; 0: it does not say
};
struct Want {
  std::string from;
  ChannelId channel;
  std::string of;  // origin
  Range range;
};
// Answers a Want, or a part of it: all that the sender has of the range.
struct Lines {
  std::string from;
  ChannelId channel;
  std::string of;
  Range range;
  std::vector<Said> lines;  // by number
};
struct Canary {
  std::string from;
  std::uint64_t number = 0;
};
struct Whispered {
  std::string from;  // the sender's origin
  chat::Whisper whisper;
};
struct Bye {  // it stops
  std::string from;
};
struct Unknown {};  // of a later version of the grammar: to be ignored
using Telling = std::variant<Said, Heads, Want, Lines, Canary, Whispered, Bye, Unknown>;

std::string encode(const Said& said, ChannelId channel);
std::string encode(const Heads& heads);
std::string encode(const Want& want);
std::string encode(const Lines& lines);
std::string encode(const Canary& canary);
std::string encode(const Whispered& whispered);
std::string encode(const Bye& bye);
std::size_t encoded_size(const Said& said);  // about

// Everything is checked: what comes out may be shown to anybody. Errc::invalid says which member is wrong.
Result<Telling> decode(std::string_view text);

}  // namespace sluice::nodes
