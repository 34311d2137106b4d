#pragma once
// Script: a Lua script that the server knows by its hash. It is sent whole only while the server does not know it: at first, after
// a restart, after SCRIPT FLUSH.
#include <string>
#include <vector>

#include "redis/link.hpp"

namespace sluice::redis {

class Script {
 public:
  explicit Script(std::string text) : text_(std::move(text)) {}

  // Only while the link is up. Asks the server for the hash; until that is here scripts are sent whole.
  void load(Link& link);
  // Only while the link is up. The answer is EVALSHA's, or EVAL's. The script and the link outlive it.
  void run(Link& link, const std::vector<std::string>& keys, const std::vector<std::string>& arguments, Connection::Answer answer,
           milliseconds patience = milliseconds(3000));

 private:
  std::string text_, hash_;
};

}  // namespace sluice::redis
