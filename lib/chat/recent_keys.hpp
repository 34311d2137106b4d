#pragma once
// RecentKeys: what became of messages in the last five minutes, by id, so that a repeat is known and answered
// as before. Time buckets of one minute: a bucket is dropped whole, and nothing is kept longer because a room
// is busy.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace sluice::chat {

struct PublishedAs {
  std::string origin;
  std::uint64_t seq = 0;
  Wall at;
};

template <class Became>
class Recent {
 public:
  static constexpr std::chrono::minutes window{5};

  std::optional<Became> find(const std::string& id,
                             Steady now) {  // within the window; at most a minute longer
    turn(now);
    for (const Bucket& bucket : buckets_)
      if (const auto found = bucket.find(id); found != bucket.end()) return found->second;
    return std::nullopt;
  }
  void remember(const std::string& id, Became became, Steady now) {
    turn(now);
    buckets_[static_cast<std::size_t>(minute_) % buckets_.size()].insert_or_assign(id, std::move(became));
  }
  void forget(const std::string& id) {
    for (Bucket& bucket : buckets_) bucket.erase(id);
  }
  std::size_t size() const {
    std::size_t sum = 0;
    for (const Bucket& bucket : buckets_) sum += bucket.size();
    return sum;
  }

 private:
  using Bucket = std::unordered_map<std::string, Became>;
  void turn(Steady now) {
    const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
    const auto count = static_cast<std::int64_t>(buckets_.size());
    const std::int64_t passed = std::min(minute - minute_, count);
    for (std::int64_t i = 0; i < passed; ++i)
      Bucket().swap(buckets_[static_cast<std::size_t>((minute - i) % count)]);
    minute_ = std::max(minute, minute_);
  }
  std::array<Bucket, window / std::chrono::minutes(1) + 1> buckets_;
  std::int64_t minute_ = 0;  // of the newest bucket
};

using RecentKeys = Recent<PublishedAs>;

}  // namespace sluice::chat
