#pragma once
// Outage: since when a store takes nothing, why, and when the log is to say so: at once, again once a minute, and when it is over. Pure: time
// is given.
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace sluice::archive {

class Outage {
 public:
  static constexpr seconds tell_again{60};
  static constexpr seconds longest_silence{8};  // of a store that is being sent something

  // A try failed, or nothing is heard; the next may still succeed. If none does, it began then.
  void suspect(Wall since) {
    if (!since_) since_ = since;
  }
  // It is one, of this kind. Whether the log is to be told, which has not heard of this kind yet, or not for long.
  bool begin(Steady now, Wall since, const std::string& kind, std::string what) {
    suspect(since);
    what_ = std::move(what);
    if (!kinds_.insert(kind).second) return due(now);
    told_at_ = now;
    return true;
  }
  // Whether the log is to be told again; once each time.
  bool due(Steady now) {
    if (what_.empty() || now - told_at_ < tell_again) return false;
    told_at_ = now;
    return true;
  }
  // Something was taken. Whether there was an outage.
  bool end() {
    const bool was = !what_.empty();
    *this = {};
    return was;
  }

  const std::string& what() const { return what_; }                                          // empty: all is well
  std::optional<Wall> since() const { return what_.empty() ? std::nullopt : since_; }

 private:
  std::string what_;
  std::optional<Wall> since_;
  std::set<std::string> kinds_;  // that the log has been told of
  Steady told_at_{};
};

}  // namespace sluice::archive
