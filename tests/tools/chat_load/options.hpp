#pragma once
// What one run of the load is: so many rooms, members and lines, over which wire, to which ports.
#include <string>
#include <utility>
#include <vector>

namespace chat_load {

// How a client speaks. `lines` is that of tests/bench/peers/bare_server.cpp: the least a chat can say.
enum class Wire { irc_tcp, irc_ws, json, peer_ws, redis, lines };

struct Options {
  Wire wire = Wire::irc_tcp;
  std::string wire_name;
  std::vector<int> ports;  // of one server, or of several nodes: members take turns
  std::vector<int>
      speak_ports;  // where senders connect, by irc_tcp or by the wire itself; as `ports` if empty
  bool senders_speak_irc = false;
  std::vector<int> servers;       // pids: their time and memory, all that they started included
  int rooms = 1, members = 100;   // members of each room
  int senders = 1;                // of each room, in turns
  double rate = 10, seconds = 5;  // lines a second of each room; 0 of either: only connects, for the memory
  int line_bytes = 160;           // of an IRC line as it arrives, without its tags
  int processes = 0;              // 0: as many as the limit on files asks for
  int patience = 15;              // seconds that the last lines may take to arrive
  std::string room_prefix = "room";
  std::vector<std::pair<std::string, std::string>> accounts;  // login, token: senders take turns
};

// Ends the program with a usage line when something is amiss.
Options parse(int argc, char** argv);

std::string room_name(const Options& options, int room);

}  // namespace chat_load
