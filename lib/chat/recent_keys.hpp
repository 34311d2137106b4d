#pragma once
// RecentKeys: what became of messages in the last five minutes, by id, so that a repeat is known and answered
// as before. Time buckets of one minute: a bucket is dropped whole, and nothing is kept longer because a room
// is busy. At a million messages a minute they are five millions: ids are kept as the 16 bytes that they are,
// and names of origins once.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace sluice::chat {

// An id to look up: its bytes, where it is a UUID as message_id() writes it.
struct LookupId {
  using Packed = std::array<std::uint64_t, 2>;
  struct Hash {  // they are hashes, or random
    std::size_t operator()(const Packed& id) const noexcept { return id[0] ^ (id[1] * 0x9e3779b97f4a7c15); }
  };
  explicit LookupId(const std::string& id) : text(id), packed(pack(id)) {}
  const std::string& text;
  std::optional<Packed> packed;

 private:
  static std::optional<Packed> pack(std::string_view id) {
    constexpr std::array<std::pair<std::size_t, std::size_t>, 5> groups{
        {{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}}};
    if (id.size() != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-')
      return std::nullopt;
    Packed packed{};
    std::size_t digits = 0;
    unsigned wrong = 0;
    for (const auto& [first, count] : groups)
      for (std::size_t i = first; i < first + count; ++i) {
        const auto c = static_cast<unsigned char>(id[i]);
        const unsigned digit = c - '0', letter = c - 'a';
        const unsigned value = digit < 10 ? digit : letter + 10;
        wrong |= static_cast<unsigned>(digit >= 10 && letter >= 6);
        std::uint64_t& half = packed[digits++ / 16];
        half = half << 4 | value;
      }
    return wrong != 0 ? std::nullopt : std::optional(packed);
  }
};

template <class Value>
class ById {
 public:
  const Value* find(const LookupId& id) const {
    return id.packed ? at(packed_, *id.packed) : at(others_, id.text);
  }
  void insert_or_assign(const LookupId& id, Value value) {
    if (id.packed) {
      packed_.insert_or_assign(*id.packed, std::move(value));
    } else {
      others_.insert_or_assign(id.text, std::move(value));
    }
  }
  void erase(const LookupId& id) {
    if (id.packed) {
      packed_.erase(*id.packed);
    } else {
      others_.erase(id.text);
    }
  }
  std::size_t size() const { return packed_.size() + others_.size(); }

 private:
  template <class Map, class Key>
  static const Value* at(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
  }

  std::unordered_map<LookupId::Packed, Value, LookupId::Hash> packed_;
  std::unordered_map<std::string, Value> others_;
};

template <class Became>
class Recent {
 public:
  static constexpr std::chrono::minutes window{5};

  std::optional<Became> find(const std::string& id,
                             Steady now) {  // within the window; at most a minute longer
    turn(now);
    const LookupId wanted(id);
    for (const Bucket& bucket : buckets_)
      if (const Became* found = bucket.find(wanted)) return *found;
    return std::nullopt;
  }
  void remember(const std::string& id, Became became, Steady now) {
    turn(now);
    buckets_[static_cast<std::size_t>(minute_) % buckets_.size()].insert_or_assign(LookupId(id),
                                                                                   std::move(became));
  }
  void forget(const std::string& id) {
    const LookupId gone(id);
    for (Bucket& bucket : buckets_) bucket.erase(gone);
  }
  std::size_t size() const {
    std::size_t sum = 0;
    for (const Bucket& bucket : buckets_) sum += bucket.size();
    return sum;
  }

 private:
  using Bucket = ById<Became>;
  void turn(Steady now) {
    const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
    const auto count = static_cast<std::int64_t>(buckets_.size());
    const std::int64_t passed = std::min(minute - minute_, count);
    for (std::int64_t i = 0; i < passed; ++i)
      buckets_[static_cast<std::size_t>((minute - i) % count)] = Bucket();
    minute_ = std::max(minute, minute_);
  }
  std::array<Bucket, window / std::chrono::minutes(1) + 1> buckets_;
  std::int64_t minute_ = 0;  // of the newest bucket
};

struct PublishedAs {
  std::string origin;
  std::uint64_t seq = 0;
  Wall at;
};

class RecentKeys {
 public:
  static constexpr std::chrono::minutes window = Recent<int>::window;

  std::optional<PublishedAs> find(const std::string& id, Steady now) {
    const auto kept = recent_.find(id, now);
    if (!kept) return std::nullopt;
    return PublishedAs{origins_[kept->origin], kept->seq, kept->at};
  }
  void remember(const std::string& id, const PublishedAs& as, Steady now) {
    recent_.remember(id, {as.seq, as.at, number_of(as.origin)}, now);
  }
  std::size_t size() const { return recent_.size(); }

 private:
  struct Kept {
    std::uint64_t seq;
    Wall at;
    std::uint32_t origin;
  };
  std::uint32_t number_of(const std::string& origin) {
    const auto [number, fresh] = numbers_.try_emplace(origin, static_cast<std::uint32_t>(origins_.size()));
    if (fresh) origins_.push_back(origin);
    return number->second;
  }

  Recent<Kept> recent_;
  std::vector<std::string> origins_;  // one a run of a node
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace sluice::chat
