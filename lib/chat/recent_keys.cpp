#include "chat/recent_keys.hpp"

#include <algorithm>

namespace sluice::chat {

void RecentKeys::turn(Steady now) {
  const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
  const std::int64_t passed = std::min<std::int64_t>(minute - minute_, buckets_.size());
  for (std::int64_t i = 0; i < passed; ++i)
    Bucket().swap(
        buckets_[static_cast<std::size_t>((minute - i) % static_cast<std::int64_t>(buckets_.size()))]);
  minute_ = std::max(minute, minute_);
}

std::optional<PublishedAs> RecentKeys::find(const std::string& id, Steady now) {
  turn(now);
  for (const Bucket& bucket : buckets_)
    if (const auto found = bucket.find(id); found != bucket.end()) return found->second;
  return std::nullopt;
}

void RecentKeys::remember(const std::string& id, PublishedAs as, Steady now) {
  turn(now);
  buckets_[static_cast<std::size_t>(minute_) % buckets_.size()].insert_or_assign(id, std::move(as));
}

std::size_t RecentKeys::size() const {
  std::size_t sum = 0;
  for (const Bucket& bucket : buckets_) sum += bucket.size();
  return sum;
}

}  // namespace sluice::chat
