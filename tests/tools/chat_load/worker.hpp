#pragma once
// Worker: one process's share of the members and senders.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "deliveries.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "talk.hpp"

namespace chat_load {

// Plain data: a worker writes it to the parent as it is.
struct Outcome {
  std::uint64_t expected = 0, sent = 0, reads = 0, bytes = 0;
  Member::Counts counts;
  std::uint64_t dropped = 0;   // connections that the server closed
  std::int64_t latest_us = 0;  // how far sending fell behind its schedule
  std::int64_t began_us = 0, sent_us = 0, ended_us = 0;
  Latencies latencies;
  char last_answer[200] = {};  // of the server to a sender
};

class Worker {
 public:
  Worker(const Options& options, int index, int of);

  std::size_t connect();  // all of its connections, in their rooms; how many
  Outcome run();          // sends and hears until all has come, or the time is over

 private:
  struct Place {
    int socket;
    int room;
    int sender;  // of the room; -1: a member
    Member member;
    std::uint32_t said = 0;
    std::string unsent;
    bool waiting = false;  // for the socket to take more
  };
  void come_in(std::vector<Way>& ways);
  void speak(std::int64_t now);
  void flush(Place& place);
  void hear(Place& place);
  void drop(Place& place);
  void keep_alive(std::int64_t now);

  const Options& options_;
  const int index_, of_;
  const std::uint64_t lines_;  // of all rooms and workers
  int poll_ = -1;
  std::vector<Place> places_;
  std::vector<std::size_t> senders_;  // place by room and sender; npos: another worker's
  std::vector<std::string> padding_;  // by room
  std::uint64_t next_line_ = 0;
  std::size_t next_alive_ = 0;
  std::int64_t kept_alive_us_ = 0;
  std::vector<char> buffer_;
  Outcome outcome_;
};

}  // namespace chat_load
