#pragma once
// A queue of jobs in Redis (sluice-transcode-jobs(5)): its keys, and how an entry leaves it.
#include <string>

#include "redis/link.hpp"

namespace sluice::transcode {

struct QueueKeys {
  static constexpr const char* group = "workers";  // of consumers
  explicit QueueKeys(const std::string& queue) : jobs("sluice:transcode:" + queue), untaken(jobs + ":untaken") {}
  std::string jobs;     // the Stream
  std::string untaken;  // how many jobs no worker took in time, ever
};

// Acknowledges and deletes an entry as one step, for what is deleted alone stays pending in Redis 6.2 for ever, and what is acknowledged
// alone stays in the Stream. `done` gets EXEC's reply.
void take_out(redis::Link& link, const QueueKeys& keys, const std::string& entry, redis::Connection::Answer done);

}  // namespace sluice::transcode
