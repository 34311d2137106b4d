#include "options.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace chat_load {

namespace {
constexpr std::array<std::pair<std::string_view, Wire>, 6> wires{{{"irc-tcp", Wire::irc_tcp},
                                                                  {"irc-ws", Wire::irc_ws},
                                                                  {"json", Wire::json},
                                                                  {"peer-ws", Wire::peer_ws},
                                                                  {"redis", Wire::redis},
                                                                  {"lines", Wire::lines}}};

[[noreturn]] void usage(const std::string& why) {
  std::fprintf(
      stderr,
      "chat_load: %s\n"
      "usage: chat_load --wire irc-tcp|irc-ws|json|peer-ws|redis|lines --ports P[,P…] --servers PID[,PID…]\n"
      "  [--speak-ports P[,P…]] (IRC over TCP, for senders) [--accounts FILE] (LOGIN TOKEN a line)\n"
      "  [--rooms N] [--members N] [--senders N] (of each room) [--rate LINES] (a second and room)\n"
      "  [--seconds S] [--line-bytes N] [--processes N] [--patience S] [--room-prefix NAME]\n",
      why.c_str());
  std::exit(2);
}

double number(const std::string& name, const std::string& text, double least) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || value < least) usage("--" + name + " " + text + ": not such a number");
  return value;
}

int whole(const std::string& name, const std::string& text, int least = 1) {
  return static_cast<int>(number(name, text, least));
}

std::vector<int> list(const std::string& name, const std::string& text) {
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    numbers.push_back(whole(name, text.substr(at, end - at)));
    at = end + 1;
  }
  return numbers;
}

std::vector<std::pair<std::string, std::string>> read_accounts(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> accounts;
  std::ifstream file(path);
  for (std::string login, token; file >> login >> token;) accounts.emplace_back(login, token);
  if (accounts.empty()) usage("--accounts " + path + ": no LOGIN TOKEN in it");
  return accounts;
}
}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string word = argv[i];
    if (!word.starts_with("--") || i + 1 == argc) usage(word + ": an option and its value are wanted");
    const std::string name = word.substr(2), value = argv[i + 1];
    if (name == "wire") {
      const auto known = std::ranges::find(wires, value, [](const auto& wire) { return wire.first; });
      if (known == wires.end()) usage("--wire " + value + ": no such wire");
      options.wire = known->second;
      options.wire_name = value;
    } else if (name == "ports") {
      options.ports = list(name, value);
    } else if (name == "speak-ports") {
      options.speak_ports = list(name, value);
      options.senders_speak_irc = true;
    } else if (name == "servers") {
      options.servers = list(name, value);
    } else if (name == "accounts") {
      options.accounts = read_accounts(value);
    } else if (name == "rooms") {
      options.rooms = whole(name, value);
    } else if (name == "members") {
      options.members = whole(name, value);
    } else if (name == "senders") {
      options.senders = whole(name, value);
    } else if (name == "rate") {
      options.rate = number(name, value, 0);
    } else if (name == "seconds") {
      options.seconds = number(name, value, 0);
    } else if (name == "line-bytes") {
      options.line_bytes = whole(name, value, 120);
    } else if (name == "processes") {
      options.processes = whole(name, value);
    } else if (name == "patience") {
      options.patience = whole(name, value);
    } else if (name == "room-prefix") {
      options.room_prefix = value;
    } else {
      usage(word + ": no such option");
    }
  }
  if (options.wire_name.empty() || options.ports.empty() || options.servers.empty())
    usage("--wire, --ports and --servers are needed");
  if (options.senders > 10'000) usage("--senders: 10000 in a room at most");
  if (options.speak_ports.empty()) options.speak_ports = options.ports;
  return options;
}

std::string room_name(const Options& options, int room) {
  return options.room_prefix + std::to_string(room);
}

}  // namespace chat_load
