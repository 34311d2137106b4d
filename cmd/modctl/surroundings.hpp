#pragma once
// What stands around an act when it is done, as chat::act_context() has it for acts by slash command: kept
// with the act in the audit log.
#include <deque>
#include <string>
#include <unordered_map>

#include "app/print.hpp"
#include "base/result.hpp"
#include "platform.hpp"

namespace sluice::modctl {

class Surroundings {
 public:
  // Reads them once: the settings of the channel's chat, and what was said last, from the chat log.
  static Result<Surroundings> read(Platform& platform, const store::Channel& channel);

  // One JSON object: the settings, and the last messages of `login`, or of everybody when it is empty.
  std::string of(const std::string& login) const;

 private:
  app::Json settings_;
  std::deque<app::Json> last_;
  std::unordered_map<std::string, std::deque<app::Json>> by_login_;
};

app::Json json_of(const platform::RoomSettings& settings);  // as the audit log's contexts have it

}  // namespace sluice::modctl
