#pragma once
// RecentKeys: which messages were published in the last five minutes, by id, so that a repeat is known and
// confirmed again. Time buckets of one minute: a bucket is dropped whole, and nothing is kept longer because
// a room is busy.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace sluice::chat {

struct PublishedAs {
  std::string origin;
  std::uint64_t seq = 0;
  Wall at;
};

class RecentKeys {
 public:
  static constexpr std::chrono::minutes window{5};

  std::optional<PublishedAs> find(const std::string& id,
                                  Steady now);  // within the window; at most a minute longer
  void remember(const std::string& id, PublishedAs as, Steady now);
  std::size_t size() const;

 private:
  using Bucket = std::unordered_map<std::string, PublishedAs>;
  void turn(Steady now);
  std::array<Bucket, window / std::chrono::minutes(1) + 1> buckets_;
  std::int64_t minute_ = 0;  // of the newest bucket
};

}  // namespace sluice::chat
