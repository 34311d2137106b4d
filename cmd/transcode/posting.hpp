#pragma once
// Posting: keeps a job in the Redis Stream until it is withdrawn. It looks every second whether the entry is still there: a Redis that was
// restarted, or a worker that failed after it had taken the entry, costs a second, not the job.
#include <functional>
#include <optional>
#include <string>

#include "queue_keys.hpp"
#include "relay/job.hpp"

namespace sluice::transcode {

class Posting {
 public:
  struct Calls {
    std::function<void()> posted;                  // the entry is there; again when it had to be added again
    std::function<void(const Error& why)> failed;  // Redis is not reached, or does not take it: each time
  };
  Posting(net::Loop& loop, redis::Url url, QueueKeys keys, relay::Fields fields, Calls calls);
  // Whether a worker has been given the entry, or has taken it out; nothing: Redis does not say.
  void ask_delivered(std::function<void(std::optional<bool>)> done);
  // Takes the entry out, also one whose adding is not answered yet, counts it as one that nobody took where that is so, leaves Redis, and
  // calls when that is done or has taken longer than `patience`.
  void withdraw(bool untaken, milliseconds patience, std::function<void()> done);
  std::string trouble() const { return link_.is_up() ? "" : link_.trouble(); }

 private:
  void up();
  void look();
  void post();
  void search();
  void leave();   // with the entry, once nothing is unanswered
  void finish();

  net::Timer looks_, patience_;
  QueueKeys keys_;
  relay::Fields fields_;
  Calls calls_;
  std::string entry_;       // its id; empty: not posted
  std::string told_;        // the trouble with posting that the log has
  bool asking_ = false;     // the id is under way
  bool unsure_ = false;     // an answer was lost: the entry may be there, under an id that we do not know
  bool withdrawn_ = false;
  std::function<void()> done_;
  redis::Link link_;
};

}  // namespace sluice::transcode
