#pragma once
// Refusals: how much the log says of those who are sent away, since they may try for ever. Of each reason and address the first at once, then one
// in ten seconds; the others are counted, and told of when that time is over.
#include <mutex>
#include <string>
#include <string_view>

#include "base/sparing.hpp"
#include "net/loop.hpp"

namespace sluice::ingestd {

class Refusals {
 public:
  explicit Refusals(net::Loop& loop);
  // Whether this one is to be logged. Any thread.
  bool tells(const std::string& host, std::string_view reason);

 private:
  void tell_of_others();

  net::Timer timer_;
  std::mutex mutex_;
  Sparing said_;
};

}  // namespace sluice::ingestd
