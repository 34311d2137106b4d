#pragma once
// Report: what all workers saw, as one JSON object.
#include <cstdint>
#include <string>

#include "options.hpp"
#include "worker.hpp"

namespace chat_load {

struct Report {
  int processes = 1;
  std::size_t connections = 0;
  std::int64_t began_us = 0, connected_us = 0;
  double bytes_per_connection = 0, server_cpu_seconds = 0;
  Outcome all;

  void add(const Outcome& outcome);
  // Every line that was due was sent, and came to everyone once and in order.
  bool whole() const;
  void print(const Options& options) const;  // to stdout; what is amiss to stderr
};

}  // namespace chat_load
