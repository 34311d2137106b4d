#pragma once
// How a member comes in and how a sender speaks, on each wire.
#include <string>
#include <vector>

#include "options.hpp"

namespace chat_load {

// Something to say to a server, and what its answer ends with (nothing: none is waited for).
struct Step {
  std::string say, until;
};
struct Way {
  int port;
  std::vector<Step> steps;
};

// Into the room, until the server has told that one is in it. `number` is the member's own among all.
Way member_way(const Options& options, int room, int number);
// To where one may speak in the room, and is no member of it where the wire allows that.
Way sender_way(const Options& options, int room, int number);

// The bytes that say `text` in the room.
std::string say(const Options& options, int room, const std::string& text);

// How long a text makes the delivered line as long as the options say.
std::size_t text_bytes(const Options& options, int room);

// What keeps a silent member's connection open, to be sent every 20 s; empty: nothing is needed.
std::string sign_of_life(const Options& options);

}  // namespace chat_load
