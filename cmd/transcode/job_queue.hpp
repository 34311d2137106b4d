#pragma once
// JobQueue: a worker's side of the Redis Stream: its consumer group gives each entry to one worker; what a worker took and did not
// acknowledge is claimed by others after a while. Entries whose dispatcher is gone, or that are no jobs of ours, are cleared away, and so are
// the group's consumers whose machines are gone.
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/sparing.hpp"
#include "queue_keys.hpp"
#include "relay/job.hpp"

namespace sluice::transcode {

class JobQueue {
 public:
  struct Offer {
    std::string entry;  // its id
    relay::Job job;
    milliseconds waited;
  };
  struct Calls {
    std::function<void()> ready;  // Redis has let us in and answers what jobs are asked for with: each time
    std::function<void(Offer)> offered;
    std::function<void(const std::string& why)> cleared;  // an entry: "stale", "forged", "malformed"
    std::function<void(std::int64_t waiting, std::int64_t untaken)> counted;  // jobs in the Stream; jobs that nobody took, ever
  };
  JobQueue(net::Loop& loop, redis::Url url, QueueKeys keys, std::string consumer, relay::Secret secret, Calls calls);

  // Whether there is room for a job. One that was asked for may still be offered after false.
  void want(bool wanting);
  bool asking() const { return asking_; }
  void clear(const std::string& entry);  // taken, or not ours to do: acknowledged and deleted
  std::string trouble() const { return link_.is_up() ? refusal_ : link_.trouble(); }
  double latency_ms() const { return latency_ms_; }  // of Redis's last answer that had nothing to wait for

 private:
  void up();
  void ask();
  void claim(int tries);
  void look_at(const std::string& entry, int tries);
  void read(bool wait);  // a new one
  void answered(const Result<redis::Reply>& reply, const redis::Reply* entries);
  void offer(const redis::Reply& entry);
  void count();
  void tidy();
  void complain(const std::string& what, const Error& why);

  net::Timer retry_, counts_, tidies_;
  QueueKeys keys_;
  std::string consumer_;
  relay::Secret secret_;
  Calls calls_;
  Steady counted_{}, asked_{}, rest_until_{};
  Sparing complaints_{seconds(30)};
  std::string refusal_;   // what Redis said last, where it does not do what is asked
  double latency_ms_ = 0;
  bool claimed_ = false;  // the last one: those whose dispatchers are not reached would keep us from the new ones
  bool wanting_ = false, asking_ = false, ready_ = false;
  redis::Link link_;
};

}  // namespace sluice::transcode
