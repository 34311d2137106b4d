#pragma once
// Posting: keeps a job in the Redis Stream until it is withdrawn. It looks every second whether the entry is still there: a Redis that was
// restarted, or a worker that failed after it had taken the entry, costs a second, not the job.
#include <string>

#include "redis_link.hpp"
#include "relay/job.hpp"

namespace sluice::transcode {

// Keys of a queue in Redis.
struct QueueKeys {
  explicit QueueKeys(const std::string& queue) : jobs("sluice:transcode:" + queue), untaken(jobs + ":untaken") {}
  std::string jobs;     // the Stream
  std::string untaken;  // how many jobs no worker took in time, ever
};

class Posting {
 public:
  Posting(net::Loop& loop, redis::Url url, QueueKeys keys, relay::Fields fields);
  // Takes the entry out, counting it as one that nobody took where that is so, leaves Redis, and calls when that is done or has taken
  // too long.
  void withdraw(bool untaken, std::function<void()> done);
  std::string trouble() const { return link_.is_up() ? "" : link_.trouble(); }

 private:
  void post();
  void look();

  net::Timer looks_, patience_;
  QueueKeys keys_;
  relay::Fields fields_;
  std::string entry_;       // its id; empty: not posted
  bool posting_ = false, withdrawn_ = false;
  RedisLink link_;
};

}  // namespace sluice::transcode
