#include "media/shedding.hpp"

#include <algorithm>

namespace sluice::media {

namespace {
constexpr milliseconds shrinking{100};  // over the window, to count as catching up
}

Shedder::Shedder(std::size_t rungs, ShedPolicy policy) : policy_(policy), rungs_(rungs, Rung{.quiet = policy.quiet}) {}

bool Shedder::behind(Steady now, microseconds lag) {
  samples_.push_back({now, lag});
  while (samples_.size() > 1 && samples_[1].at + policy_.window <= now) samples_.pop_front();
  if (lag < policy_.lag) return false;
  if (lag >= policy_.most_lag) return true;
  const Sample& then = samples_.front();
  return then.at + policy_.window <= now && lag > then.lag - shrinking;
}

std::optional<Shedder::Change> Shedder::tick(Steady now, microseconds lag) {
  behind_ = behind(now, lag);
  if (lag > policy_.calm_lag) calm_since_.reset();
  else if (!calm_since_) calm_since_ = now;

  if (behind_) {
    if (changed_ && now - *changed_ < policy_.settle) return std::nullopt;
    const auto dearest = std::ranges::find(rungs_, false, &Rung::shed);
    if (dearest == rungs_.end()) return std::nullopt;
    dearest->shed = true;
    if (dearest->returned && now - *dearest->returned < policy_.relapse) {
      dearest->quiet = std::min(dearest->quiet * 2, policy_.most_quiet);
    } else {
      dearest->quiet = policy_.quiet;
    }
    changed_ = now;
    return Change{static_cast<std::size_t>(dearest - rungs_.begin()), true};
  }

  // The cheapest of those that were shed returns first.
  const auto cheapest = std::find_if(rungs_.rbegin(), rungs_.rend(), [](const Rung& rung) { return rung.shed; });
  if (cheapest == rungs_.rend() || !calm_since_) return std::nullopt;
  const Steady calm_from = changed_ ? std::max(*calm_since_, *changed_) : *calm_since_;
  if (now - calm_from < cheapest->quiet) return std::nullopt;
  cheapest->shed = false;
  cheapest->returned = now;
  changed_ = now;
  return Change{static_cast<std::size_t>(rungs_.rend() - cheapest) - 1, false};
}

bool Shedder::exhausted() const { return behind_ && std::ranges::all_of(rungs_, &Rung::shed); }

}  // namespace sluice::media
