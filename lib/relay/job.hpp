#pragma once
// Job: the entry that a dispatcher adds to the Redis Stream and a worker reads (sluice-transcode-jobs(5)).
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "relay/secret.hpp"

namespace sluice::relay {

struct Job {
  std::string to;               // where the dispatcher listens: ADDRESS:PORT, numeric
  std::string ticket;           // names this job to its dispatcher, [a-z2-7], 160 random bits
  std::string stream, channel;  // for logs; may be empty
  milliseconds good_for{0};     // from the entry's own time on; afterwards its dispatcher is gone
};

using Fields = std::vector<std::pair<std::string, std::string>>;

// Sealed with the secret, so that nobody who can write to Redis alone sends workers anywhere.
Fields write_job(const Job& job, const Secret& secret);
// Errc::invalid for what is no job of this version, Errc::denied for a seal that is not ours. Unknown fields are passed over.
Result<Job> read_job(const Fields& fields, const Secret& secret);

}  // namespace sluice::relay
